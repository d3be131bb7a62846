package project

import (
	"path/filepath"
	"slices"
	"strings"

	"holdfast/internal/source"
	"holdfast/playbooks"
	"holdfast/rules"
	"holdfast/steps"
	"holdfast/triggers"
)

// shows is what the texts of one playbook may name, by the root of the name.
// The values are the names below it; nil is any.
type shows map[string][]string

// ownerFields and projectFields are what activities give a template beside the
// declared fields.
var (
	ownerFields   = []string{"id", "name", "email"}
	projectFields = []string{"name", "currency", "locale", "timezone", "sender.name", "sender.email"}
)

// shownBy is what the texts of p may name; p may be nil.
func (ld *loader) shownBy(doc *source.Node, p *playbooks.Playbook) shows {
	s := shows{
		"account": ld.accountNames, "contact": ld.contactNames,
		"owner": ownerFields, "project": projectFields,
		"forloop": nil, "unsubscribe_url": nil, "steps": nil, "event": nil,
	}
	for _, as := range below(doc.Get("steps"), "as") {
		s[as.Text()] = nil // the item of a loop over a list of the account
	}
	if p == nil {
		return s
	}
	s["steps"], s["event"] = []string{}, []string{}
	for _, st := range p.Program.Steps {
		if each, ok := st.Spec.(*steps.Each); ok && each.Item.Object != "" {
			s[each.As] = append(s[each.As], append(names(ld.p.Rules.ObjectFields(each.Item.Object)), ld.p.Rules.ObjectKey(each.Item.Object))...)
		}
		s["steps"] = append(s["steps"], st.ID+".outcome", st.ID+".at")
		if t, ok := st.Spec.(*steps.Task); ok {
			for _, q := range t.Form {
				if !q.Long {
					s["steps"] = append(s["steps"], st.ID+"."+q.Name)
				}
			}
			continue
		}
		if !slices.Contains(plainVerbs, st.Verb) {
			s["steps"] = append(s["steps"], st.ID+".*") // a verb whose results only it knows
		}
	}
	for _, t := range p.Triggers {
		if t.Kind == triggers.Event {
			fields, _ := ld.p.Rules.EventFields(t.On)
			s["event"] = append(append(s["event"], names(fields)...), "at")
		}
	}
	return s
}

// plainVerbs have no result but their outcome.
var plainVerbs = []string{"email", "slack", "wait", "wait_for", "branch", "every", "end"}

func names(fields []rules.Field) []string {
	out := make([]string, len(fields))
	for i, f := range fields {
		out[i] = f.Name
	}
	return out
}

// below are the values of key in all maps below n.
func below(n *source.Node, key string) []*source.Node {
	var out []*source.Node
	for _, it := range n.Items() {
		out = append(out, below(it, key)...)
	}
	for _, p := range n.Pairs() {
		if p.Key.Text() == key && p.Value.Kind() == source.Scalar {
			out = append(out, p.Value)
		}
		out = append(out, below(p.Value, key)...)
	}
	return out
}

// allows reports whether variable v is set by somebody, and what to do if not.
func (s shows) allows(v string) (hint string, ok bool) {
	root, rest, _ := strings.Cut(v, ".")
	fields, known := s[root]
	if !known {
		return s.rootHint(root, v), false
	}
	if fields == nil || rest == "" && len(fields) > 0 {
		return "", true
	}
	if slices.ContainsFunc(fields, func(n string) bool {
		star, any := strings.CutSuffix(n, "*")
		return n == rest || any && strings.HasPrefix(rest, star) || strings.HasPrefix(n, rest+".") || strings.HasPrefix(rest, n+".")
	}) {
		return "", true
	}
	if near := source.Suggest(rest, fields); near != "" {
		return `did you mean "` + root + "." + near + `"?`, false
	}
	switch root {
	case "event":
		if len(fields) == 0 {
			return "only a playbook that starts on an event has one", false
		}
		return "name a field of the event that starts the playbook", false
	case "steps":
		return "name a step and its outcome, at, or an answer of its form", false
	case "account", "contact":
		return "declare it in schema: " + root, false
	}
	return "use " + root + "." + strings.Join(fields, ", "+root+"."), false
}

func (s shows) rootHint(root, v string) string {
	for _, f := range s["steps"] {
		if id, _, _ := strings.Cut(f, "."); id == root {
			return "write steps." + v
		}
	}
	var roots []string
	for r := range s {
		roots = append(roots, r)
	}
	slices.Sort(roots)
	if near := source.Suggest(root, roots); near != "" {
		return `did you mean "` + near + strings.TrimPrefix(v, root) + `"?`
	}
	return "begin it with account, contact, owner, project, event or steps"
}

// shown is the name under which a template's findings appear.
func (ld *loader) shown(file string) string {
	own := filepath.Join(ld.p.Dir, filepath.FromSlash(file))
	if _, ok := ld.p.Sources[own]; ok {
		return own
	}
	return "library/" + file
}
