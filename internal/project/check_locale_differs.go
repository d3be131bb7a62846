package project

import (
	"slices"

	"holdfast/internal/diag"
	"holdfast/internal/mail"
)

var localeDiffers = check{
	Check: diag.Check{
		Name: "locale-differs", Severity: diag.Warning,
		Summary: "A template in one language shows other variables than the one without a language, or has no subject.",
		Why:     "The languages of a template are one message. Where they differ, somebody changed one and forgot the other: half of the customers read last year's offer, or get no mail since a variable is not set.",
	},
	run: func(ld *loader, r reporter) {
		for _, name := range ld.templateNames() {
			vs := ld.variants(name)
			i := slices.IndexFunc(vs, func(v mail.Variant) bool { return v.Locale == "" })
			if i < 0 {
				continue
			}
			for _, v := range vs {
				if v.Locale != "" {
					ld.differs(r, vs[i], v)
				}
			}
		}
	},
}

func (ld *loader) differs(r reporter, base, v mail.Variant) {
	at := diag.Span{File: ld.shown(v.File), Line: 1, Col: 1, End: 2}
	if base.Subject != "" && v.Subject == "" {
		r.say(at, `begin with "---", "subject: ...", "---"`, "this has no subject, and %s has one", ld.shown(base.File))
	}
	for _, name := range base.Vars {
		if !slices.Contains(v.Vars, name) {
			r.say(at, "show it here too, or there neither", "this does not show %s, and %s does", name, ld.shown(base.File))
		}
	}
	for _, name := range v.Vars {
		if !slices.Contains(base.Vars, name) {
			at := at
			if found := ld.find(v.File, name); len(found) > 0 {
				at = found[0]
			}
			r.say(at, "show it there too, or here neither", "this shows %s, and %s does not", name, ld.shown(base.File))
		}
	}
}

// templateNames are the templates and briefs that the playbooks use, each once.
func (ld *loader) templateNames() []string {
	var out []string
	for _, c := range ld.compiled {
		out = append(out, c.book.TemplateNames()...)
	}
	slices.Sort(out)
	return slices.Compact(out)
}
