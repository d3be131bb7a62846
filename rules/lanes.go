package rules

import (
	"regexp"
	"slices"

	"holdfast/internal/source"
)

// lanes are the project's, strongest first.
type lanes struct {
	names []string
	doc   *source.Node
}

// Lanes of the project, strongest first; none when it declares none. They are
// live: a published playbook is held to the order of today.
func (s *Set) Lanes() []string {
	if s.lanes == nil {
		return nil
	}
	return slices.Clone(s.lanes.names)
}

// Stronger reports whether lane a comes before lane b. What is not declared is
// neither before nor after.
func (s *Set) Stronger(a, b string) bool {
	if s.lanes == nil {
		return false
	}
	i, j := slices.Index(s.lanes.names, a), slices.Index(s.lanes.names, b)
	return i >= 0 && j >= 0 && i < j
}

var laneName = regexp.MustCompile(`^[a-z][a-z0-9]*(-[a-z0-9]+)*$`)

// lanesDoc reads `lanes: [save, renewal, win-back, nurture]`.
func (ld *loader) lanesDoc(doc *source.Node) {
	l := &ld.diags
	doc.Strict(l, "lanes", keys(lanesKind, "")...)
	n := doc.Get("lanes")
	if first := ld.set.lanes; first != nil {
		l.Errorf(doc.Pairs()[0].Key.Span(), "duplicate-name", "keep one list", "there are other lanes, in %s", first.doc.File())
		return
	}
	if n.Kind() != source.List || len(n.Items()) == 0 {
		l.Errorf(doc.Span(), "wrong-type", "write lanes: [save, renewal, win-back, nurture], the strongest first", "lanes must be a list of names")
		return
	}
	ls := &lanes{doc: doc}
	for _, it := range n.Items() {
		name := it.String(l, "a lane")
		switch {
		case name == "":
		case !laneName.MatchString(name):
			l.Errorf(it.Span(), "bad-name", "use small letters, digits and hyphens", "%q cannot be the name of a lane", name)
		case slices.Contains(ls.names, name):
			l.Errorf(it.Span(), "duplicate-name", "leave one of them", "lane %q is there already", name)
		default:
			ls.names = append(ls.names, name)
		}
	}
	ld.set.lanes = ls
}
