package project

import (
	"regexp"
	"slices"
	"strings"

	"holdfast/internal/diag"
	"holdfast/internal/source"
	"holdfast/internal/sources"
)

// Source is a `source:` document: somebody who may send us what happens, and
// what of it is taken.
type Source struct {
	Name  string // kept with every message of it
	Kind  string
	Allow Allow
	// Secret names what the provider signs with: internal/config reads it. "" is none.
	Secret   string
	Settings sources.Settings // how it is known and read, where the document says it
	Silence  Silence
	At       diag.Span // where its name stands
}

// Allow is what a source may say. An event with a dot in its name is ours, and
// never taken, whatever stands here.
type Allow struct {
	Events  []string // names, in which * stands for any text
	Fields  []string // of account and contact; nil is all that the schema declares
	Objects []string // kinds; nil is all
	Merges  bool     // it may say that a contact was another all along
}

// Event reports whether an event of that name may be sent.
func (a Allow) Event(name string) bool {
	return !strings.Contains(name, ".") && slices.ContainsFunc(a.Events, func(pattern string) bool { return fits(pattern, name) })
}

// Names reports whether the event stands there by its own name, not by a *.
func (a Allow) Names(event string) bool { return slices.Contains(a.Events, event) }

// Field reports whether a field of that name may be written.
func (a Allow) Field(name string) bool { return a.Fields == nil || slices.Contains(a.Fields, name) }

// Object reports whether objects of that kind may be written.
func (a Allow) Object(kind string) bool { return a.Objects == nil || slices.Contains(a.Objects, kind) }

// fits reports whether name is pattern, in which * stands for any text.
func fits(pattern, name string) bool {
	parts := strings.Split(pattern, "*")
	if len(parts) == 1 {
		return pattern == name
	}
	first, last := parts[0], parts[len(parts)-1]
	if len(name) < len(first)+len(last) || !strings.HasPrefix(name, first) || !strings.HasSuffix(name, last) {
		return false
	}
	name = name[len(first) : len(name)-len(last)]
	for _, part := range parts[1 : len(parts)-1] {
		_, rest, found := strings.Cut(name, part)
		if !found {
			return false
		}
		name = rest
	}
	return true
}

// Source of that name, or nil.
func (p *Project) Source(name string) *Source {
	for i := range p.Inbound {
		if p.Inbound[i].Name == name {
			return &p.Inbound[i]
		}
	}
	return nil
}

// SourceKinds are the ways in which messages may come, in the order of the reference.
var SourceKinds = []string{"segment", "cloudevents", "webhook", "stripe", "hubspot", "zendesk", "intercom"}

// signed kinds cannot be without a secret: their senders prove themselves by it alone.
var signed = []string{"stripe", "hubspot", "zendesk", "intercom"}

// ownSources are those that may say what only we may say.
var ownSources = []string{"system", "cast", "demo", "import"}

var (
	sourceNames = endpoints
	secretNames = regexp.MustCompile(`^[a-z][a-z0-9]*(_[a-z0-9]+)*$`)
)

// sources reads all `source:` documents, once the rules are known.
func (ld *loader) sources() {
	for _, doc := range ld.sourceDocs {
		if s, ok := ld.source(doc); ok {
			ld.p.Inbound = append(ld.p.Inbound, s)
		}
	}
	slices.SortFunc(ld.p.Inbound, func(a, b Source) int { return strings.Compare(a.Name, b.Name) })
}

func (ld *loader) source(doc *source.Node) (s Source, ok bool) {
	l := &ld.diags
	doc.Strict(l, "a source", source.Keys(sourceKind.Keys, "")...)
	name := doc.Get("source")
	s.Name, s.At = name.String(l, "source"), name.Span()
	switch {
	case s.Name == "":
		return s, false
	case !sourceNames.MatchString(s.Name):
		l.Errorf(name.Span(), "bad-name", "use small letters, digits and hyphens", "%q cannot be the name of a source", s.Name)
		return s, false
	case slices.Contains(ownSources, s.Name):
		l.Errorf(name.Span(), "bad-name", "name it after who sends", "%q is a name of Holdfast's own", s.Name)
		return s, false
	case ld.p.Source(s.Name) != nil:
		l.Errorf(name.Span(), "duplicate-name", "rename one of them", "there is another source %q", s.Name)
		return s, false
	}
	what := "source " + s.Name
	s.Kind = doc.Require(l, what, "kind").Word(l, "kind", SourceKinds...)
	if n := doc.Get("secret"); n != nil {
		s.Secret = ld.matched(n, "secret", secretNames, "write a name of small letters, digits and _; its value comes from the environment")
	} else if slices.Contains(signed, s.Kind) {
		doc.Require(l, what, "secret")
	}
	s.Allow = ld.allow(doc.Require(l, what, "allow"))
	s.Silence = ld.silence(doc.Get("silence"))
	ld.reads(doc, what, &s)
	return s, true
}

// reads is how what comes from s is known and read.
func (ld *loader) reads(doc *source.Node, what string, s *Source) {
	l := &ld.diags
	if ids := doc.Get("ids"); ids != nil {
		s.Settings.SharedIDs = ids.Word(l, "ids", "own", "shared") == "shared"
	}
	if s.Kind == "webhook" {
		for _, key := range []string{"signature", "secret", "mapping"} {
			doc.Require(l, what, key)
		}
	}
	s.Settings.OfAll = ld.p.Rules.OfAll
	s.Settings.Signature = sources.ReadSignature(doc.Get("signature"), l)
	if s.Settings.Signature != nil && s.Secret == "" && s.Kind != "webhook" {
		doc.Require(l, what, "secret")
	}
	if s.Settings.Mapping = sources.ReadMapping(doc.Get("mapping"), ld.p.Rules, l); s.Settings.Mapping == nil {
		return
	}
	for _, e := range s.Settings.Mapping.Events {
		if !s.Allow.Event(e.Name) {
			l.Errorf(e.At, "unknown-event", "add it to allow: events", "the source may not send %q", e.Name)
		}
	}
}

func (ld *loader) allow(n *source.Node) (a Allow) {
	if n == nil {
		return a
	}
	l := &ld.diags
	n.Strict(l, "allow", source.Keys(sourceKind.Keys, "allow")...)
	for _, it := range each(n.Require(l, "allow", "events")) {
		name := it.String(l, "events")
		switch {
		case name == "":
		case strings.Contains(name, "."):
			l.Errorf(it.Span(), "reserved-event", "give the event a name without a dot", "events with a dot, such as %s, come from holdfast alone", name)
		default:
			a.Events = append(a.Events, name)
		}
	}
	known := append(slices.Clone(ld.accountNames), ld.contactNames...)
	a.Fields = ld.among(n.Get("fields"), "field", known)
	a.Merges = n.Get("merges").Bool(l, "merges")
	a.Objects = ld.among(n.Get("objects"), "object", ld.p.Rules.ObjectKinds())
	return a
}

// among are the words of n, each one of known; nil when n is absent.
func (ld *loader) among(n *source.Node, what string, known []string) []string {
	if n == nil {
		return nil
	}
	words := []string{}
	for _, it := range each(n) {
		word := it.String(&ld.diags, what)
		switch {
		case word == "":
		case !slices.Contains(known, word):
			hint := "declare it in the rules"
			if s := source.Suggest(word, known); s != "" {
				hint = `did you mean "` + s + `"?`
			}
			ld.diags.Errorf(it.Span(), "unknown-"+what, hint, "unknown %s %q", what, word)
		default:
			words = append(words, word)
		}
	}
	return words
}

// each item of a list, or the one that stands alone.
func each(n *source.Node) []*source.Node {
	switch n.Kind() {
	case source.List:
		return n.Items()
	case source.Null:
		return nil
	case source.Scalar, source.Map:
	}
	return []*source.Node{n}
}
