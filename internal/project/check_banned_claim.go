package project

import (
	"regexp"
	"strings"

	"holdfast/internal/diag"
)

// What no honest e-mail says: promises nobody can keep, superlatives nobody can
// check, and urgency that is made up. A project adds its own under claims.banned.
var bannedWords = []string{
	"guaranteed", "we guarantee", "risk-free", "risk free", "no risk", "100 % safe", "100% safe", "100% satisfaction", "cannot fail", "can't fail",
	"best in the world", "world's best", "world’s best", "best-in-class", "number one in the world", "the only solution", "unbeatable", "miracle",
	"act now", "last chance", "final chance", "only today", "today only", "expires tonight", "before it's too late", "before it’s too late",
	"once in a lifetime", "don't miss out", "don’t miss out", "while supplies last", "limited time only", "hurry",
}

var bannedClaim = check{
	Check: diag.Check{
		Name: "banned-claim", Severity: diag.Warning,
		Summary: "An e-mail promises what nobody can keep, or presses with an urgency that is made up; or it has a phrase that the project bans.",
		Why:     "A claim that is not true is remembered by the people who left over one (S135). Soft urgency names a real date, such as a package until the end of the quarter (S127); \"last chance\" is false as soon as the next mail goes. A project adds phrases of its own to holdfast.yaml: claims: {banned: [...]}.",
	},
	run: func(ld *loader, r reporter) {
		banned := phrase(append(append([]string{}, bannedWords...), ld.p.Settings.Claims.Banned...)...)
		ld.mails(func(file, text string) {
			for from := 0; ; {
				m := banned.FindStringSubmatchIndex(text[from:])
				if m == nil {
					return
				}
				start, end := from+m[4], from+m[5]
				if !denied.MatchString(text[:start]) {
					r.say(ld.spot(file, text, start, end), "say what is true and can be shown", "%q is a claim that nobody can keep", strings.Join(strings.Fields(text[start:end]), " "))
				}
				from = end
			}
		})
	},
}

// denied is a text that ends in a denial: "there is no last chance", "not guaranteed".
var denied = regexp.MustCompile(`(?i)\b(not|never|isn't|isn’t|no)\s+(a\s+|an\s+|the\s+|your\s+)?$`)
