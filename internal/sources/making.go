package sources

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/textproto"
	"net/url"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"holdfast"
	"holdfast/rules"
)

// most items of a list are taken from one request, as many as a batch of Segment's has.
const most = 2500

// messages tries each rule. A request that none of them is for is a Refused, as is what
// cannot be read; one with too long a list is an error, so that its sender sees it.
func (m *Mapping) messages(r Request) ([]Said, []Refused, error) {
	body, err := decode(r.Body)
	if err != nil {
		return nil, nil, err
	}
	in := rules.Sent{Body: exact(body), Header: map[string]string{}, Query: map[string]string{}}
	for name, values := range r.Header {
		if name = strings.ToLower(textproto.CanonicalMIMEHeaderKey(name)); len(values) > 0 && utf8.ValidString(values[0]) {
			in.Header[name] = values[0]
		}
	}
	if u, err := url.Parse(r.URL); err == nil {
		for name, values := range u.Query() {
			if utf8.ValidString(name + values[0]) {
				in.Query[name] = values[0]
			}
		}
	}
	mk := &making{request: r, seen: map[string]int{}, ofAll: m.ofAll}
	for i := range m.rules {
		if err := mk.rule(&m.rules[i], i, in); err != nil {
			return nil, nil, err
		}
	}
	if !mk.meant && len(mk.refused) == 0 {
		mk.refuse("body", errors.New("no rule of the mapping is for it: no when holds, and no each gives a list"))
	}
	return mk.out, mk.refused, nil
}

// exact makes text of the whole numbers in v that expressions would round, so that two
// ids of many digits stay two. v itself is changed.
func exact(v any) any {
	switch v := v.(type) {
	case json.Number:
		if _, err := strconv.ParseInt(v.String(), 10, 64); err != nil && !strings.ContainsAny(v.String(), ".eE") {
			return v.String()
		}
	case []any:
		for i, item := range v {
			v[i] = exact(item)
		}
	case map[string]any:
		for key, item := range v {
			v[key] = exact(item)
		}
	}
	return v
}

// making is one request on its way to messages.
type making struct {
	request Request
	out     []Said
	refused []Refused
	meant   bool           // a rule holds for it, or for an item, or its list is empty
	seen    map[string]int // how many rules an id has come from
	ofAll   func(event string) bool
}

func (mk *making) refuse(place string, err error) {
	mk.refused = append(mk.refused, Refused{place, err.Error()})
}

// rule tries r. The error is of the whole request.
func (mk *making) rule(r *rule, i int, in rules.Sent) error {
	place := fmt.Sprintf("mapping[%d]", i)
	if r.each == nil {
		if err := mk.message(r, place, in); err != nil {
			mk.refuse(place, err)
		}
		return nil
	}
	v, ok, err := r.each.Value(in)
	if err != nil {
		mk.refuse(place+".each", err)
		return nil
	}
	items, isList := v.([]any)
	if !isList && ok {
		mk.refuse(place+".each", errors.New("gave no list; name one"))
	}
	if len(items) > most {
		return fmt.Errorf("%s.each gave %d items, and a request may hold %d: nothing of it was taken; send them in several", place, len(items), most)
	}
	mk.meant = mk.meant || isList && len(items) == 0
	for n, item := range items {
		at := fmt.Sprintf("%s, item %d", place, n)
		in.Item = item
		if err := mk.message(r, at, in); err != nil {
			mk.refuse(at, err)
		}
	}
	return nil
}

// message makes what r says of in, if it holds.
func (mk *making) message(r *rule, place string, in rules.Sent) error {
	if r.when != nil {
		if holds, err := r.when.Holds(in); err != nil || !holds {
			return wrap("when", err)
		}
	}
	mk.meant = true
	m := holdfast.Message{At: mk.request.At}
	var err error
	if m.Account, err = word(r.account, in, "account"); err != nil {
		return err
	}
	if m.Contact, err = word(r.contact, in, "contact"); err != nil {
		return err
	}
	event := r.event
	if r.eventOf != nil {
		if event, err = word(r.eventOf, in, "event"); err != nil {
			return err
		}
	}
	if m.Account == "" && m.Contact == "" && !mk.ofAll(event) {
		return errors.New("account: gave nothing; the sender left out whose it is")
	}
	if m.At, err = r.time(in, mk.request.At); err != nil {
		return err
	}
	if m.ID, err = word(r.id, in, "id"); err != nil {
		return err
	}
	if m.ID == "" {
		m.ID = contentID(string(mk.request.Body), place)
	}
	if n := mk.seen[m.ID]; n > 0 { // two rules that hold make two messages
		mk.seen[m.ID]++
		m.ID += "/" + strconv.Itoa(n+1)
	} else {
		mk.seen[m.ID] = 1
	}
	return mk.emit(r, place, event, m, in)
}

// emit adds the messages: fields first, so that what the event starts sees them.
func (mk *making) emit(r *rule, place, event string, m holdfast.Message, in rules.Sent) error {
	var made []Said
	for _, part := range []struct {
		kind, suffix, what string
		v                  *values
		is                 bool
	}{
		{holdfast.Group, "/fields", "fields", r.fields, r.fields != nil && m.Account != ""},
		{holdfast.Identify, "/contact", "contact_fields", r.contactFields, r.contactFields != nil && m.Contact != ""},
		{holdfast.Track, "", "props", r.props, event != ""},
	} {
		if !part.is {
			continue
		}
		one := Said{place, m}
		one.Kind, one.ID = part.kind, m.ID+part.suffix
		var err error
		if one.Props, err = part.v.of(in); err != nil {
			return wrap(part.what, err)
		}
		if part.kind == holdfast.Track {
			one.Event = event
		}
		made = append(made, one)
	}
	if len(made) == 0 {
		return errors.New("gives neither an event nor fields; the sender left out what they are made of")
	}
	mk.out = append(mk.out, made...)
	return nil
}

func (v *values) of(in rules.Sent) (map[string]any, error) {
	out := map[string]any{}
	if v == nil {
		return out, nil
	}
	if v.all != nil {
		all, ok, err := v.all.Value(in)
		m, is := all.(map[string]any)
		if err == nil && ok && !is {
			err = errors.New("gave no map; write name: expression")
		}
		if m != nil {
			out = m
		}
		return out, err
	}
	for _, name := range v.names {
		value, ok, err := v.byName[name].Value(in)
		if err != nil {
			return nil, wrap(name, err)
		}
		if ok {
			out[name] = value
		}
	}
	return out, nil
}

// word is a text, or a number as it is written; "" when it is not there.
func word(e *rules.Outside, in rules.Sent, what string) (string, error) {
	if e == nil {
		return "", nil
	}
	v, ok, err := e.Value(in)
	if err != nil || !ok {
		return "", wrap(what, err)
	}
	switch v.(type) {
	case string, json.Number:
		return Text(v), nil
	}
	return "", fmt.Errorf("%s: gave something else than text or a number", what)
}

func (r *rule) time(in rules.Sent, now time.Time) (time.Time, error) {
	if r.at == nil {
		return now, nil
	}
	v, ok, err := r.at.Value(in)
	if err != nil || !ok {
		return now, wrap("at", err)
	}
	t, err := rules.Typed(rules.Timestamp, v)
	if err != nil {
		return now, wrap("at", err)
	}
	return t.(time.Time), nil
}

func wrap(what string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s: %w", what, err)
}
