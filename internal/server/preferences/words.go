package preferences

import "strings"

// sentences of the page in one language. %s is a day.
type sentences struct {
	Title, Gone, Saved, Note  string
	receives, stopped, paused string // what is chosen
	receive, stop, pause      string // what can be
}

// wordsOf is the language of a locale, English where we do not speak it.
func wordsOf(locale string) (lang string, s sentences) {
	lang, _, _ = strings.Cut(strings.ToLower(strings.ReplaceAll(locale, "_", "-")), "-")
	if s, ok := languages[lang]; ok {
		return lang, s
	}
	return "en", languages["en"]
}

// languages are those of the mail's own footer.
var languages = map[string]sentences{
	"en": {
		Title: "Your e-mail preferences", Saved: "Saved.",
		Gone:     "This link is not valid. Please use the one in your latest message.",
		Note:     "This is about messages that we send on our own account. Answers to your requests and notices about your contract still reach you.",
		receives: "You receive our messages.", stopped: "You receive no more messages from us.", paused: "You receive no messages from us until %s.",
		receive: "Receive messages again", stop: "Stop all messages", pause: "Pause for 90 days",
	},
	"de": {
		Title: "Ihre E-Mail-Einstellungen", Saved: "Gespeichert.",
		Gone:     "Dieser Link ist nicht gültig. Bitte nehmen Sie den aus Ihrer letzten Nachricht.",
		Note:     "Das betrifft Nachrichten, die wir von uns aus senden. Antworten auf Ihre Anfragen und Mitteilungen zu Ihrem Vertrag erhalten Sie weiterhin.",
		receives: "Sie erhalten unsere Nachrichten.", stopped: "Sie erhalten keine Nachrichten mehr von uns.", paused: "Sie erhalten bis %s keine Nachrichten von uns.",
		receive: "Wieder Nachrichten erhalten", stop: "Keine Nachrichten mehr erhalten", pause: "90 Tage Pause",
	},
	"es": {
		Title: "Sus preferencias de correo", Saved: "Guardado.",
		Gone:     "Este enlace no es válido. Use el de su último mensaje.",
		Note:     "Se refiere a los mensajes que enviamos por iniciativa propia. Seguirá recibiendo respuestas a sus consultas y avisos sobre su contrato.",
		receives: "Recibe nuestros mensajes.", stopped: "Ya no recibe mensajes nuestros.", paused: "No recibe mensajes nuestros hasta el %s.",
		receive: "Volver a recibir mensajes", stop: "No recibir más mensajes", pause: "Pausa de 90 días",
	},
	"fr": {
		Title: "Vos préférences d’e-mail", Saved: "C’est enregistré.",
		Gone:     "Ce lien n’est pas valable. Utilisez celui de votre dernier message.",
		Note:     "Cela concerne les messages que nous envoyons de notre propre initiative. Vous recevrez toujours les réponses à vos demandes et les avis relatifs à votre contrat.", //nolint:misspell // it is French
		receives: "Vous recevez nos messages.", stopped: "Vous ne recevez plus de messages de notre part.", paused: "Vous ne recevez pas de messages de notre part jusqu’au %s.",
		receive: "Recevoir de nouveau les messages", stop: "Ne plus recevoir de messages", pause: "Pause de 90 jours",
	},
	"pt": {
		Title: "As suas preferências de e-mail", Saved: "Guardado.",
		Gone:     "Esta ligação não é válida. Use a da sua última mensagem.",
		Note:     "Trata-se das mensagens que enviamos por iniciativa própria. Continua a receber respostas aos seus pedidos e avisos sobre o seu contrato.",
		receives: "Recebe as nossas mensagens.", stopped: "Já não recebe mensagens nossas.", paused: "Não recebe mensagens nossas até %s.",
		receive: "Voltar a receber mensagens", stop: "Não receber mais mensagens", pause: "Pausa de 90 dias",
	},
	"it": {
		Title: "Le sue preferenze e-mail", Saved: "Salvato.", //nolint:misspell // it is Italian
		Gone:     "Questo link non è valido. Usi quello del suo ultimo messaggio.",
		Note:     "Riguarda i messaggi che inviamo di nostra iniziativa. Riceverà comunque le risposte alle sue richieste e gli avvisi sul suo contratto.",
		receives: "Riceve i nostri messaggi.", stopped: "Non riceve più nostri messaggi.", paused: "Non riceve nostri messaggi fino al %s.",
		receive: "Ricevere di nuovo i messaggi", stop: "Non ricevere più messaggi", pause: "Pausa di 90 giorni",
	},
	"nl": {
		Title: "Uw e-mailvoorkeuren", Saved: "Opgeslagen.",
		Gone:     "Deze link is niet geldig. Gebruik die uit uw laatste bericht.",
		Note:     "Dit gaat over berichten die wij uit onszelf sturen. Antwoorden op uw vragen en berichten over uw contract blijft u ontvangen.",
		receives: "U ontvangt onze berichten.", stopped: "U ontvangt geen berichten meer van ons.", paused: "U ontvangt tot %s geen berichten van ons.",
		receive: "Weer berichten ontvangen", stop: "Geen berichten meer ontvangen", pause: "90 dagen pauze",
	},
	"id": {
		Title: "Preferensi email Anda", Saved: "Tersimpan.",
		Gone:     "Tautan ini tidak berlaku. Silakan gunakan tautan di pesan terakhir Anda.",
		Note:     "Ini mengenai pesan yang kami kirim atas inisiatif kami. Jawaban atas permintaan Anda dan pemberitahuan tentang kontrak Anda tetap Anda terima.",
		receives: "Anda menerima pesan kami.", stopped: "Anda tidak lagi menerima pesan dari kami.", paused: "Anda tidak menerima pesan dari kami hingga %s.",
		receive: "Terima pesan lagi", stop: "Hentikan semua pesan", pause: "Jeda 90 hari",
	},
}
