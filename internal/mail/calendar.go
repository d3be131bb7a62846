package mail

import "strings"

// names are a language's words for dates and for the footer.
type names struct {
	months, weekdays []string // January, Sunday first
	day              string   // how it writes a day
	unsubscribe      string
}

// calendar is in English where we do not speak the language.
func (s style) calendar() names {
	if n, ok := languages[s.language()]; ok {
		if strings.EqualFold(s.locale, "en-US") {
			n.day = "%B %-d, %Y"
		}
		return n
	}
	return languages["en"]
}

var languages = map[string]names{
	"en": {
		months:      strings.Fields("January February March April May June July August September October November December"),
		weekdays:    strings.Fields("Sunday Monday Tuesday Wednesday Thursday Friday Saturday"),
		day:         "%-d %B %Y",
		unsubscribe: "Unsubscribe",
	},
	"de": {
		months:      strings.Fields("Januar Februar März April Mai Juni Juli August September Oktober November Dezember"),
		weekdays:    strings.Fields("Sonntag Montag Dienstag Mittwoch Donnerstag Freitag Samstag"),
		day:         "%-d. %B %Y",
		unsubscribe: "Abmelden",
	},
	"fr": {
		months:      strings.Fields("janvier février mars avril mai juin juillet août septembre octobre novembre décembre"),
		weekdays:    strings.Fields("dimanche lundi mardi mercredi jeudi vendredi samedi"),
		day:         "%-d %B %Y",
		unsubscribe: "Se désabonner",
	},
	"es": {
		months:      strings.Fields("enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre"),
		weekdays:    strings.Fields("domingo lunes martes miércoles jueves viernes sábado"),
		day:         "%-d de %B de %Y",
		unsubscribe: "Darse de baja",
	},
	"it": {
		months:      strings.Fields("gennaio febbraio marzo aprile maggio giugno luglio agosto settembre ottobre novembre dicembre"),
		weekdays:    strings.Fields("domenica lunedì martedì mercoledì giovedì venerdì sabato"),
		day:         "%-d %B %Y",
		unsubscribe: "Annulla l'iscrizione",
	},
	"nl": {
		months:      strings.Fields("januari februari maart april mei juni juli augustus september oktober november december"),
		weekdays:    strings.Fields("zondag maandag dinsdag woensdag donderdag vrijdag zaterdag"),
		day:         "%-d %B %Y",
		unsubscribe: "Uitschrijven",
	},
	"pt": {
		months:      strings.Fields("janeiro fevereiro março abril maio junho julho agosto setembro outubro novembro dezembro"),
		weekdays:    strings.Fields("domingo segunda-feira terça-feira quarta-feira quinta-feira sexta-feira sábado"),
		day:         "%-d de %B de %Y",
		unsubscribe: "Cancelar subscrição",
	},
	"id": {
		months:      strings.Fields("Januari Februari Maret April Mei Juni Juli Agustus September Oktober November Desember"),
		weekdays:    strings.Fields("Minggu Senin Selasa Rabu Kamis Jumat Sabtu"),
		day:         "%-d %B %Y",
		unsubscribe: "Berhenti berlangganan",
	},
}
