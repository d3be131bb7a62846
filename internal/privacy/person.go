package privacy

import (
	"html"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"holdfast/internal/erased"
	"holdfast/internal/store"
)

// person is what tells somebody from others in words.
type person struct {
	Contact   string   `json:"contact"`
	Former    []string `json:"former,omitempty"` // ids that have become Contact
	Mark      string   `json:"mark"`             // what stands for them
	Addresses []string `json:"addresses"`        // in small letters
	Sure      []string `json:"sure"`             // texts that mean them wherever they stand: whole names, numbers to call
	Likely    []string `json:"likely"`           // first and last name, which may be words: only prose is rid of them
}

// newPerson reads who a contact is off their fields, and off what was told of them
// before: addresses, names and numbers to call, by what they look like and what
// they are called. former are the ids that they were known by before.
func newPerson(c store.Contact, former []string, told ...store.Contact) person {
	p := person{Contact: c.ID, Former: former, Addresses: []string{}, Sure: []string{}}
	for _, one := range append(told, c) {
		p.read(one)
	}
	for _, id := range append([]string{c.ID}, former...) {
		if strings.Contains(id, "@") {
			p.Addresses = append(p.Addresses, strings.ToLower(id))
		}
	}
	p.Addresses, p.Sure, p.Likely = unique(p.Addresses), unique(p.Sure), unique(p.Likely)
	return p
}

// is reports whether an id is theirs, as it is or was.
func (p *person) is(id string) bool {
	return id != "" && (id == p.Contact || slices.Contains(p.Former, id))
}

func (p *person) read(c store.Contact) {
	var first, last string
	for name, f := range c.Fields {
		v, _ := f.Value.(string)
		v = strings.TrimSpace(v)
		key := strings.ToLower(strings.NewReplacer("_", "", "-", "", ".", "", " ", "").Replace(name))
		switch found := erased.Addresses(v); {
		case v == "":
		case len(found) > 0:
			for _, a := range found {
				p.Addresses = append(p.Addresses, strings.ToLower(a))
			}
		case key == "firstname" || key == "givenname":
			first = v
		case key == "lastname" || key == "surname" || key == "familyname":
			last = v
		case strings.Contains(key, "name") || strings.Contains(key, "phone") || strings.Contains(key, "mobile") || strings.Contains(key, "street") || strings.Contains(key, "linkedin"):
			p.Sure = append(p.Sure, v)
		}
	}
	for _, one := range []string{first, last} {
		if one != "" {
			p.Likely = append(p.Likely, one)
		}
	}
	if first != "" && last != "" {
		p.Sure = append(p.Sure, first+" "+last, last+", "+first, last+" "+first)
	}
}

// seeker finds a person in words.
type seeker struct {
	person
	marks        erased.Marks
	sure, likely *regexp.Regexp // nil: there is nothing to look for
}

func (p person) seeker() *seeker {
	s := &seeker{person: p}
	var sure []string
	for _, a := range p.Addresses {
		sure = append(sure, a, url.QueryEscape(a), html.EscapeString(a))
	}
	for _, t := range p.Sure {
		sure = append(sure, t, html.EscapeString(t), url.QueryEscape(t))
	}
	s.sure = anyOf(sure)
	var likely []string
	for _, t := range p.Likely {
		likely = append(likely, t, html.EscapeString(t))
	}
	s.likely = anyOf(likely)
	return s
}

// anyOf matches whole words of texts, in any letters, the longest first. Go's \b
// knows ASCII alone.
func anyOf(texts []string) *regexp.Regexp {
	texts = slices.DeleteFunc(unique(texts), func(t string) bool { return utf8.RuneCountInString(t) < 2 })
	if len(texts) == 0 {
		return nil
	}
	slices.SortFunc(texts, func(a, b string) int { return len(b) - len(a) })
	for i, t := range texts {
		texts[i] = strings.ReplaceAll(regexp.QuoteMeta(t), " ", `\s+`)
	}
	return regexp.MustCompile(`(?i)(^|[^\pL\pN])(?:` + strings.Join(texts, "|") + `)($|[^\pL\pN])`)
}

// out replaces all matches; two that share a space take a second look.
func out(re *regexp.Regexp, text string) string {
	if re == nil {
		return text
	}
	for range 2 {
		text = re.ReplaceAllString(text, "${1}"+erased.Gone+"${2}")
	}
	return text
}

// markOf is what stands for an id that is the person's, as it is or was, or "".
func (s *seeker) markOf(id string) string {
	switch {
	case id == "":
		return ""
	case id == s.Contact:
		return s.Mark
	case slices.Contains(s.Former, id):
		if s.Mark == erased.Gone { // who only looks
			return s.Mark
		}
		return s.marks.Contact(id)
	}
	return ""
}

// names reports whether an id is the person's, or stands for them.
func (s *seeker) names(id string) bool {
	return id != "" && (id == s.Mark || s.markOf(id) != "" || s.marks.Any() && slices.ContainsFunc(s.Former, func(old string) bool { return id == s.marks.Contact(old) }))
}

// strict takes out what means the person for certain.
func (s *seeker) strict(text string) (string, bool) {
	if mark := s.markOf(text); mark != "" {
		return mark, true
	}
	clean := out(s.sure, text)
	return clean, clean != text
}

// prose takes out each of their names as well.
func (s *seeker) prose(text string) (string, bool) {
	if mark := s.markOf(text); mark != "" {
		return mark, true
	}
	clean := out(s.likely, out(s.sure, text))
	return clean, clean != text
}

// id takes the person out of an id: what a part of it between slashes is, and what
// holds an address.
func (s *seeker) id(text string) (string, bool) {
	if mark := s.markOf(text); mark != "" {
		return mark, true
	}
	parts := strings.Split(text, "/")
	for i, p := range parts {
		for _, id := range append([]string{s.Contact}, s.Former...) {
			if before, is := strings.CutSuffix(p, id); is && id != "" && (before == "" || strings.HasSuffix(before, "=")) {
				parts[i] = before + s.markOf(id)
				break
			}
		}
	}
	clean := strings.Join(parts, "/")
	if s.sure != nil && s.sure.MatchString(clean) {
		clean = s.marks.ID(text)
	}
	return clean, clean != text
}
