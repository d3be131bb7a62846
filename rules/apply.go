package rules

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"holdfast"
)

// Changes is what one message says about state. Values are typed.
type Changes struct {
	Known      bool // the account is identified by this message
	Account    Record
	Contact    Record // of Message.Contact
	Objects    []ObjectChange
	Buckets    []BucketChange
	Event      Record   // of a declared event, as EventOf has it
	Undeclared []string // props or traits that no schema declares: kept in the event, no error
}

// ObjectChange upserts one object.
type ObjectChange struct {
	Kind, Key string
	Fields    Record
}

// BucketChange adds to the daily bucket of the message's day.
type BucketChange struct {
	Metric string
	Count  int64
	Sum    float64
}

// Apply says what m changes. It reads m alone, so that late, repeated and
// reordered messages end in the same state. The error (code invalid) lists every
// value that does not fit its declared type (field, found, expected); nothing of
// m applies then. A group or identify message that no mapping takes sets the
// declared fields of the same names.
func (s *Set) Apply(m holdfast.Message) (Changes, error) {
	ap := &applying{set: s, message: m, props: flatten(m.Props)}
	ap.known()
	ap.facts = Facts{Now: m.At, Event: ap.event, Zone: utc}
	takes := s.takes[ap.name]
	if m.Kind == holdfast.Group && m.Event == holdfast.EventAccountSet {
		takes = nil // a playbook says the fields themselves
	}
	for _, mp := range takes {
		ap.mapping(mp)
	}
	if len(takes) == 0 && isTraits(m.Kind) {
		ap.sameNames()
	}
	ap.buckets()
	if ap.err != nil {
		return Changes{}, ap.err
	}
	if len(ap.bad) > 0 {
		slices.Sort(ap.bad)
		return Changes{}, holdfast.Errorf(holdfast.Invalid, "%s", strings.Join(slices.Compact(ap.bad), "; "))
	}
	slices.Sort(ap.out.Undeclared)
	return ap.out, nil
}

// applying is one Apply.
type applying struct {
	set     *Set
	message holdfast.Message
	name    string // the event, or identify or group
	props   map[string]any
	event   Record
	facts   Facts
	out     Changes
	bad     []string
	err     error
}

// known types the props that the event declares.
func (ap *applying) known() {
	m := ap.message
	ap.name = m.Event
	if isTraits(m.Kind) {
		ap.name = m.Kind
	}
	ap.out.Known = m.Kind == holdfast.Group && m.Account != ""
	fs, declared := ap.set.events[ap.name]
	if isTraits(ap.name) && !declared {
		ap.event = Record{eventTime: m.At}
		for name, v := range ap.props {
			if v != nil {
				ap.event[name] = v
			}
		}
		for name, v := range m.Props { // whoever reads one by its name finds a map there
			if inner, ok := v.(map[string]any); ok {
				ap.event[name] = inner
			}
		}
		return
	}
	ap.event, ap.out.Undeclared, ap.bad = typedRecord(fs, ap.props)
	ap.bad = append(ap.bad, misplaced(fs, m.Props)...)
	ap.event[eventTime] = m.At
	if m.Kind == holdfast.Track && declared {
		ap.out.Event = ap.event
	}
}

// sameNames is what traits do when no mapping says otherwise.
func (ap *applying) sameNames() {
	fields, to := ap.set.account, &ap.out.Account
	if ap.message.Kind == holdfast.Identify {
		fields, to = ap.set.contact, &ap.out.Contact
	}
	props := make(map[string]any, len(ap.props))
	for name, v := range ap.props {
		if name != "id" {
			props[name] = v
		}
	}
	rec, undeclared, bad := typedRecord(fields, props)
	*to, ap.out.Undeclared = rec, undeclared
	ap.bad = append(ap.bad, bad...)
	for _, why := range misplaced(fields, ap.message.Props) {
		if !strings.HasPrefix(why, "id: ") {
			ap.bad = append(ap.bad, why)
		}
	}
}

// mapping applies mp, unless its condition does not hold or is not known.
func (ap *applying) mapping(mp *mapping) {
	if mp.when != nil {
		t, _, err := mp.when.Bool(&ap.facts)
		if err != nil {
			ap.fail(err, mp)
			return
		}
		if t != True {
			return
		}
	}
	fields := map[target]Record{}
	if mp.same {
		rec, _, _ := typedRecord(mp.upsert.fields, ap.props)
		fields[toObject] = rec
	}
	for _, a := range mp.sets {
		v, ok := ap.value(a, mp)
		if !ok {
			continue
		}
		if fields[a.to] == nil {
			fields[a.to] = Record{}
		}
		fields[a.to][a.field.Name] = v
	}
	ap.out.Account = with(ap.out.Account, fields[toAccount])
	if ap.message.Contact != "" {
		ap.out.Contact = with(ap.out.Contact, fields[toContact])
	}
	if mp.upsert != nil {
		ap.object(mp, fields[toObject])
	}
}

// object upserts what rec says, under the key that it or the event names.
func (ap *applying) object(mp *mapping, rec Record) {
	o := mp.upsert
	key, _ := rec[o.key].(string)
	if mp.key != nil {
		v, _ := ap.value(*mp.key, mp)
		key, _ = v.(string)
	} else if key == "" {
		v, err := Typed(String, ap.props[o.key])
		if err == nil {
			key, _ = v.(string)
		}
	}
	if key == "" {
		ap.bad = append(ap.bad, fmt.Sprintf("%s: found nothing, expected the key of the %s", o.key, o.name))
		return
	}
	if rec == nil {
		rec = Record{}
	}
	rec[o.key] = key
	ap.out.Objects = append(ap.out.Objects, ObjectChange{Kind: o.name, Key: key, Fields: rec})
}

// value is what a assigns; ok is false when the event does not say.
func (ap *applying) value(a assign, mp *mapping) (v any, ok bool) {
	if a.expr == nil {
		return a.value, true
	}
	v, ok, err := a.expr.Value(&ap.facts)
	if err != nil {
		ap.fail(err, mp)
		return nil, false
	}
	if !ok || v == nil {
		return nil, false
	}
	v, err = typedField(a.field, v)
	if err != nil {
		ap.bad = append(ap.bad, fmt.Sprintf("%s: %s", a.field.Name, err))
		return nil, false
	}
	return v, true
}

// buckets counts the event in the metrics that want it.
func (ap *applying) buckets() {
	if ap.message.Kind != holdfast.Track {
		return
	}
	for _, m := range ap.set.counts[ap.name] {
		c, ok, err := m.bucket(&ap.facts)
		if err != nil && ap.err == nil {
			ap.err = holdfast.Errorf(holdfast.Invalid, "%s", err)
		}
		if ok {
			ap.out.Buckets = append(ap.out.Buckets, c)
		}
	}
}

func (ap *applying) fail(err error, mp *mapping) {
	if ap.err == nil {
		ap.err = holdfast.Errorf(holdfast.Invalid, "mapping %s: %s", mp.name, err)
	}
}

// with is a with b's fields on top.
func with(a, b Record) Record {
	if a == nil {
		return b
	}
	maps.Copy(a, b)
	return a
}

// Record types JSON-shaped values by the declared fields of "account",
// "contact" or an object kind. Undeclared values and nulls are left out. The
// error (code invalid) lists each value that does not fit; the record then has
// the others.
func (s *Set) Record(of string, values map[string]any) (Record, error) {
	var fs *fieldSet
	switch of {
	case "account":
		fs = s.account
	case "contact":
		fs = s.contact
	default:
		o := s.objects[of]
		if o == nil {
			return nil, notFound("object", of)
		}
		fs = o.fields
	}
	rec, _, bad := typedRecord(fs, flatten(values))
	return rec, invalid(bad)
}

// EventRecord types the props of a declared event; undeclared props are left
// out. The error is not_found for an event that is not declared, else invalid.
func (s *Set) EventRecord(name string, props map[string]any) (Record, error) {
	fs, ok := s.events[name]
	if !ok {
		return nil, notFound("event", name)
	}
	rec, _, bad := typedRecord(fs, flatten(props))
	return rec, invalid(bad)
}

// EventOf is EventRecord of m's event with event.at.
func (s *Set) EventOf(m holdfast.Message) (Record, error) {
	rec, err := s.EventRecord(m.Event, m.Props)
	if rec != nil {
		rec[eventTime] = m.At
	}
	return rec, err
}

func invalid(bad []string) error {
	if len(bad) == 0 {
		return nil
	}
	slices.Sort(bad)
	return holdfast.Errorf(holdfast.Invalid, "%s", strings.Join(bad, "; "))
}

func notFound(kind, name string) error {
	return holdfast.Errorf(holdfast.NotFound, "%s %q is not declared", kind, name)
}

// wrapf puts what we were doing before err; nil stays nil.
func wrapf(err error, format string, args ...any) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s: %w", fmt.Sprintf(format, args...), err)
}

func brokenRule(name string) error {
	return errors.New(strings.Replace(name, ":", " ", 1) + " has findings; see lint")
}
