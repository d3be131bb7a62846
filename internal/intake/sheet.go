package intake

import (
	"errors"
	"fmt"
	"reflect"
	"time"

	"holdfast"
	"holdfast/internal/store"
	"holdfast/rules"
)

// sheet is one account as a transaction sees it: what is stored, and what the
// transaction has changed so far.
type sheet struct {
	acct  store.Account
	rec   rules.Record // typed fields; nil until asked for
	dirty bool
	stale bool // objects changed: derived fields are behind

	objects     map[string][]rules.Record  // by kind; loaded when asked for
	typed       map[[2]string]rules.Record // of those, by kind and key
	series      map[string][]rules.Day     // stored and pending, by metric; loaded when asked for
	buckets     map[bucketKey]rules.BucketChange
	bucketOrder []bucketKey

	runs   []store.Enrollment
	loaded bool // runs
}

type bucketKey struct{ metric, day string }

// person is a contact as the transaction sees it.
type person struct {
	store.Contact
	rec rules.Record
}

// sheet opens an account; one that nobody named yet is provisional.
func (b *batch) sheet(id string) (*sheet, error) {
	if s, ok := b.sheets[id]; ok {
		return s, nil
	}
	a, err := b.account(id)
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return nil, fmt.Errorf("read account: %w", err)
	}
	s := &sheet{acct: a, dirty: err != nil}
	s.acct.ID = id
	if s.acct.Fields == nil {
		s.acct.Fields = map[string]store.Field{}
	}
	if !b.reads {
		b.in.outlook.forget(id)
	}
	b.sheets[id] = s
	b.order = append(b.order, s)
	return s, nil
}

// put keeps f unless what is there is newer, and reports whether the value changed.
func (s *sheet) put(name string, f store.Field) bool {
	old, there := s.acct.Fields[name]
	if there && !newer(old, f) {
		return false
	}
	s.acct.Fields[name] = f
	s.dirty = true
	if equal(old.Value, f.Value) {
		return false
	}
	s.rec = nil
	return true
}

// newer reports whether f comes after old: by event time, ties by message id.
func newer(old, f store.Field) bool {
	if old.Message == derivedBy {
		return f.Message == derivedBy
	}
	if f.Message == derivedBy {
		return true
	}
	return later(old, f)
}

func later(old, f store.Field) bool {
	if !f.At.Equal(old.At) {
		return f.At.After(old.At)
	}
	return f.Message > old.Message
}

func equal(a, b any) bool {
	return reflect.DeepEqual(a, b) || a != nil && b != nil && fmt.Sprint(a) == fmt.Sprint(b)
}

// record is the account's typed fields.
func (b *batch) record(s *sheet) rules.Record {
	if s.rec == nil {
		s.rec = typed(b.schema.account, s.acct.Fields)
	}
	return s.rec
}

// typed leaves out what is unset, undeclared, or no longer of its declared type.
func typed(types map[string]rules.Type, fields map[string]store.Field) rules.Record {
	r := make(rules.Record, len(fields))
	for name, f := range fields {
		t, declared := types[name]
		if !declared || f.Value == nil {
			continue
		}
		if v, err := rules.Typed(t, f.Value); err == nil && v != nil {
			r[name] = v
		}
	}
	return r
}

// person reads a contact; store.ErrNotFound when nobody has that id.
func (b *batch) person(id string) (*person, error) {
	if p, ok := b.people[id]; ok {
		return p, nil
	}
	c, err := b.contact(id)
	if err != nil {
		return nil, err
	}
	if c.Fields == nil {
		c.Fields = map[string]store.Field{}
	}
	p := &person{Contact: c}
	b.people[id] = p
	return p, nil
}

// meet upserts the contact of m.
func (b *batch) meet(m holdfast.Message, says rules.Record, ch *changes) error {
	p, err := b.person(m.Contact)
	dirty, heeds := false, false
	switch {
	case errors.Is(err, store.ErrNotFound):
		p = &person{Contact: store.Contact{ID: m.Contact, Account: m.Account, Fields: map[string]store.Field{store.PlacedBy: word(m)}}}
		b.people[m.Contact] = p
		b.met = append(b.met, m.Contact)
		dirty = true
	case err != nil:
		return fmt.Errorf("read contact: %w", err)
	case !b.lent && p.heeds(word(m)):
		heeds, dirty = true, p.Account != m.Account
		p.Account, p.Fields[store.PlacedBy] = m.Account, word(m)
	}
	for name, v := range says {
		f := field(m, v)
		old, there := p.Fields[name]
		if there && !newer(old, f) {
			continue
		}
		p.Fields[name] = f
		dirty = true
		if !equal(old.Value, f.Value) {
			p.rec = nil
			note(&ch.Contact, name)
		}
	}
	if dirty {
		b.in.outlook.forgetAll() // it may be the contact of another account's enrollment
	} else if !heeds {
		return nil
	}
	return b.tx.PutContact(p.Contact)
}

// newest reports whether f comes after every field.
func newest(fields map[string]store.Field, f store.Field) bool {
	for _, old := range fields {
		if !newer(old, f) {
			return false
		}
	}
	return true
}

// object upserts one of the things the account has.
func (b *batch) object(s *sheet, m holdfast.Message, says rules.ObjectChange, ch *changes) error {
	o, err := b.tx.Object(says.Kind, says.Key)
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return fmt.Errorf("read %s: %w", says.Kind, err)
	}
	if err != nil {
		o = store.Object{Kind: says.Kind, Key: says.Key, Account: m.Account}
	}
	if o.Fields == nil {
		o.Fields = map[string]store.Field{}
	}
	if o.Account != m.Account {
		was, err := b.sheet(o.Account)
		if err != nil {
			return err
		}
		was.stale = true
		delete(was.objects, says.Kind)
		delete(was.typed, [2]string{says.Kind, says.Key})
		b.left(was, says.Kind)
		if newest(o.Fields, field(m, nil)) {
			o.Account = m.Account
		}
	}
	for name, v := range says.Fields {
		f := field(m, v)
		if old, there := o.Fields[name]; !there || newer(old, f) {
			o.Fields[name] = f
		}
	}
	s.stale = true
	delete(s.objects, says.Kind)
	delete(s.typed, [2]string{says.Kind, says.Key})
	note(&ch.Objects, says.Kind)
	return b.tx.PutObject(o)
}

func (s *sheet) addBucket(c rules.BucketChange, day string) {
	if s.buckets == nil {
		s.buckets = map[bucketKey]rules.BucketChange{}
	}
	k := bucketKey{c.Metric, day}
	old, there := s.buckets[k]
	if !there {
		s.bucketOrder = append(s.bucketOrder, k)
	}
	s.buckets[k] = rules.BucketChange{Metric: c.Metric, Count: old.Count + c.Count, Sum: old.Sum + c.Sum}
	delete(s.series, c.Metric)
}

// parseDay reads a bucket's day.
func parseDay(s string) time.Time {
	t, err := time.Parse(time.DateOnly, s)
	if err != nil {
		return time.Time{}
	}
	return t
}
