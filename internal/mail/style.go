package mail

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
)

// style is how numbers, money and dates are written.
type style struct {
	locale   string // of the template, or of the project: en, de, pt-BR
	currency string // ISO 4217
}

func styleOf(locale string, data map[string]any) style {
	if locale == "" {
		locale = projectText(data, "locale")
	}
	if !localeName.MatchString(locale) {
		locale = "en"
	}
	return style{locale: locale, currency: projectText(data, "currency")}
}

func (s style) language() string {
	lang, _, _ := strings.Cut(strings.ReplaceAll(strings.ToLower(s.locale), "_", "-"), "-")
	return lang
}

// separators of thousands and decimals.
func (s style) separators() (group, decimal string) {
	switch s.language() {
	case "de", "es", "it", "nl", "pt", "da", "id", "tr":
		return ".", ","
	case "fr", "sv", "nb", "no", "fi", "pl", "cs":
		return "\u00a0", ","
	}
	return ",", "."
}

// decimals are the places of a currency's minor unit (ISO 4217) where they are not two.
var decimals = map[string]int{
	"BIF": 0, "CLP": 0, "DJF": 0, "GNF": 0, "ISK": 0, "JPY": 0, "KMF": 0, "KRW": 0, "PYG": 0, "RWF": 0,
	"UGX": 0, "VND": 0, "VUV": 0, "XAF": 0, "XOF": 0, "XPF": 0,
	"BHD": 3, "IQD": 3, "JOD": 3, "KWD": 3, "LYD": 3, "OMR": 3, "TND": 3,
}

func placesOf(currency string) int {
	if n, odd := decimals[currency]; odd {
		return n
	}
	return 2
}

var symbols = map[string]string{"USD": "$", "EUR": "€", "GBP": "£", "JPY": "¥", "INR": "₹", "KRW": "₩"}

// money writes an amount in the project's currency; whole amounts without decimals.
func (s style) money(v any) (string, error) {
	n, err := number(v)
	if err != nil {
		return "", err
	}
	places := placesOf(s.currency)
	if math.Round(n*math.Pow10(places)) == math.Round(n)*math.Pow10(places) {
		places = 0
	}
	digits := s.group(strconv.FormatFloat(math.Abs(n), 'f', places, 64))
	sign := ""
	if n < 0 {
		sign = "-"
	}
	group, _ := s.separators()
	symbol, known := symbols[s.currency]
	switch {
	case s.currency == "":
		return sign + digits, nil
	case group != ",":
		if !known {
			symbol = s.currency
		}
		return sign + digits + "\u00a0" + symbol, nil
	case known:
		return sign + symbol + digits, nil
	}
	return sign + s.currency + "\u00a0" + digits, nil
}

func (s style) number(f float64) (string, error) {
	if math.IsNaN(f) || math.IsInf(f, 0) {
		return "", errors.New("not a number")
	}
	_, decimal := s.separators()
	return strings.Replace(strconv.FormatFloat(math.Round(f*1e6)/1e6, 'f', -1, 64), ".", decimal, 1), nil
}

// group puts separators into digits such as 1234.50.
func (s style) group(digits string) string {
	group, decimal := s.separators()
	whole, fraction, _ := strings.Cut(digits, ".")
	var b strings.Builder
	for i, d := range whole {
		if i > 0 && (len(whole)-i)%3 == 0 {
			b.WriteString(group)
		}
		b.WriteRune(d)
	}
	if fraction != "" {
		b.WriteString(decimal + fraction)
	}
	return b.String()
}

// date writes v by a strftime format, or as its language writes a day.
func (s style) date(v, format any) (string, error) {
	t, err := moment(v)
	if err != nil {
		return "", err
	}
	f, ok := format.(string)
	if !ok {
		f = s.calendar().day
	}
	return s.strftime(t, f)
}

func moment(v any) (time.Time, error) {
	switch v := v.(type) {
	case nil:
		return time.Time{}, errNoValue
	case time.Time:
		if v.IsZero() {
			return v, errNoValue
		}
		return v, nil
	case string:
		for _, layout := range []string{time.RFC3339, time.DateOnly} {
			if t, err := time.Parse(layout, v); err == nil {
				return t, nil
			}
		}
	}
	return time.Time{}, errors.New("not a date")
}

// strftime knows %Y %y %m %d %-d %e %B %b %A %a %H %M %I %-I %p and %%.
func (s style) strftime(t time.Time, format string) (string, error) {
	var b strings.Builder
	names := s.calendar()
	for i := 0; i < len(format); i++ {
		if format[i] != '%' {
			b.WriteByte(format[i])
			continue
		}
		rest := format[i+1:]
		verb := rest[:min(1, len(rest))]
		if verb == "-" && len(rest) > 1 {
			verb = rest[:2]
		}
		i += len(verb)
		switch verb {
		case "B":
			b.WriteString(names.months[t.Month()-1])
		case "b":
			b.WriteString(short(names.months[t.Month()-1]))
		case "A":
			b.WriteString(names.weekdays[t.Weekday()])
		case "a":
			b.WriteString(short(names.weekdays[t.Weekday()]))
		case "%":
			b.WriteByte('%')
		default:
			layout, ok := layouts[verb]
			if !ok {
				return "", fmt.Errorf("no date format %%%s", verb)
			}
			b.WriteString(t.Format(layout))
		}
	}
	return b.String(), nil
}

var layouts = map[string]string{
	"Y": "2006", "y": "06", "m": "01", "-m": "1", "d": "02", "-d": "2", "e": "_2",
	"H": "15", "M": "04", "I": "03", "-I": "3", "p": "PM", "Z": "MST", "F": time.DateOnly,
}

func short(name string) string { return string([]rune(name)[:3]) }
