package mail

// FilterDocs say what each of Filters does, by name.
func FilterDocs() map[string]string {
	return map[string]string{
		"abs":        "The number without its sign.",
		"append":     `Text behind it: {{ account.name | append: "!" }}.`,
		"capitalize": "The first letter large.",
		"ceil":       "Rounded up.",
		"date":       `A day or moment in a form of your own: {{ account.renewal_date | date: "%d %B" }}.`,
		"default":    `Another value when it is missing or false: {{ contact.first_name | default: "there" }}.`,
		"divided_by": "Divided by a number.",
		"downcase":   "In small letters.",
		"first":      "The first of a list.",
		"floor":      "Rounded down.",
		"join":       `A list as text: {{ account.topics | join: ", " }}.`,
		"last":       "The last of a list.",
		"limit":      "At most so many of a list: {{ account.topics | limit: 3 }}.",
		"minus":      "Less a number.",
		"money":      "An amount in the project's currency.",
		"plus":       "And a number.",
		"pluralize":  `One word or the other, by a number: {{ account.seats | pluralize: "seat", "seats" }}.`,
		"prepend":    "Text before it.",
		"remove":     "Without every occurrence of a text.",
		"replace":    "Every occurrence of a text replaced by another.",
		"round":      "Rounded, to so many places.",
		"size":       "How many characters, or items.",
		"strip":      "Without blanks around it.",
		"times":      "Times a number.",
		"truncate":   "Cut to so many characters.",
		"upcase":     "In capitals.",
		"url_encode": "As part of an address.",
	}
}

// Tags are the words that may begin a {% %}, sorted as the reference has them.
func Tags() []string { return append([]string(nil), offeredTags...) }
