package project

import (
	"regexp"
	"strings"

	"holdfast/internal/diag"
)

// badWords near a competitor's name speak ill of it.
var badWords = phrase("worse", "worst", "bad", "slow", "slower", "unreliable", "insecure", "outage", "outages", "expensive", "overpriced",
	"poor", "fails", "failed", "failing", "broken", "buggy", "terrible", "awful", "inferior", "mess", "disaster", "scandal", "breach",
	"legacy", "outdated", "nightmare", "regret", "mistake", "cheap", "scam", "lies", "lied")

var badmouthing = check{
	Check: diag.Check{
		Name: "badmouthing", Severity: diag.Warning,
		Summary: "An e-mail names a competitor and a failing in one sentence.",
		Why:     "Who left chose that competitor: to call it bad is to call them foolish. Say what changed here instead; no badmouthing (S135). The names are those of claims: {competitors: [...]} in holdfast.yaml, and whatever account.churn.competitor holds.",
	},
	run: func(ld *loader, r reporter) {
		names := []*regexp.Regexp{regexp.MustCompile(`()(account\.churn\.competitor)()`)}
		if list := ld.p.Settings.Claims.Competitors; len(list) > 0 {
			names = append(names, phrase(list...))
		}
		ld.mails(func(file, text string) {
			for _, name := range names {
				for _, m := range name.FindAllStringSubmatchIndex(text, -1) {
					from, to := sentence(text, m[4], m[5])
					if bad := badWords.FindStringSubmatch(text[from:to]); bad != nil {
						r.say(ld.spot(file, text, m[4], m[5]), "say what changed with us instead", "%s is spoken ill of: %q", text[m[4]:m[5]], strings.ToLower(bad[2]))
					}
				}
			}
		})
	},
}

// stop ends a sentence: a mark and a blank, an empty line, a heading or a list item.
var stop = regexp.MustCompile(`[.!?]["'”’)]?(\s|$)|\n\s*\n|\n\s*([-*#>]|\d+\.)\s|\n---\n`)

// sentence is where the one around text[from:to] begins and ends.
func sentence(text string, from, to int) (int, int) {
	begin, end := 0, len(text)
	for _, m := range stop.FindAllStringIndex(text, -1) {
		if m[1] <= from {
			begin = m[1]
		} else if m[0] >= to {
			end = m[0]
			break
		}
	}
	return begin, end
}
