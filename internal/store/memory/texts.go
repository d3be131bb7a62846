package memory

import (
	"bytes"
	"encoding/json"
	"strings"

	"holdfast"
	"holdfast/internal/store"
)

// texts are the rows of a table as store.Text.
type texts struct {
	about func(account string) []store.Text
	set   func(store.Text) error
	drop  func(key string)
}

// place says where a row keeps its texts, by column: *string, *[]byte of JSON, or
// what is JSON elsewhere. noNull are texts of which "" is NULL elsewhere.
type place map[string]any

// noNull is a text that is NULL elsewhere when it is empty.
type noNull struct{ *string }

func (p place) read() map[string]string {
	words := map[string]string{}
	for column, at := range p {
		switch at := at.(type) {
		case *string:
			words[column] = *at
		case noNull:
			if *at.string != "" {
				words[column] = *at.string
			}
		case *[]byte:
			if *at != nil {
				words[column] = string(*at)
			}
		default:
			if b, err := json.Marshal(at); err == nil && string(b) != "null" {
				words[column] = string(b)
			}
		}
	}
	return words
}

func (p place) write(words map[string]string) error {
	for column, w := range words {
		switch at := p[column].(type) {
		case nil:
		case *string:
			*at = w
		case noNull:
			*at.string = w
		case *[]byte:
			*at = []byte(w)
		case *map[string]any:
			fresh, err := unmarshal([]byte(w))
			if err != nil {
				return err
			}
			*at, _ = fresh.(map[string]any)
		case json.Unmarshaler:
			if err := at.UnmarshalJSON([]byte(w)); err != nil {
				return err
			}
		case *holdfast.Outbound:
			*at = holdfast.Outbound{}
			if err := json.Unmarshal([]byte(w), at); err != nil {
				return err
			}
		}
	}
	return nil
}

// ofTable shows a table's rows: own copies one for changing, key is that of Texts,
// account whose it is.
func ofTable[K comparable, V any](t *tx, tb *table[K, V], own func(*V) V, key func(*V) string, account func(*V) string, places func(*V) place) texts {
	find := func(k string) *V {
		for _, row := range tb.rows {
			if key(row) == k {
				return row
			}
		}
		return nil
	}
	return texts{
		about: func(a string) (found []store.Text) {
			for _, row := range tb.rows {
				if account(row) == a {
					copied := own(row)
					found = append(found, store.Text{Key: key(row), Words: places(&copied).read()})
				}
			}
			return found
		},
		set: func(x store.Text) error {
			row := find(x.Key)
			if row == nil {
				return nil
			}
			changed := own(row)
			if err := places(&changed).write(x.Words); err != nil {
				return err
			}
			if k := tb.key(row); k != tb.key(&changed) {
				tb.drop(t, k)
			}
			tb.put(t, changed)
			return nil
		},
		drop: func(k string) {
			if row := find(k); row != nil {
				tb.drop(t, tb.key(row))
			}
		},
	}
}

// textRows are the rows of a table of store.Texts.
func (t *tx) textRows(name string) (store.TextTable, texts, error) {
	tt, err := store.TableOf(name)
	if err != nil {
		return tt, texts{}, err
	}
	switch name {
	case "enrollments":
		return tt, ofTable(t, &t.enrollments, ownEnrollment, func(e *store.Enrollment) string { return e.ID }, func(e *store.Enrollment) string { return e.Account },
			func(e *store.Enrollment) place {
				return place{"contact": &e.Contact, "occurrence": &e.Occurrence, "entry_key": &e.EntryKey, "doing": &e.Doing, "state": &e.State}
			}), nil
	case "tasks":
		return tt, ofTable(t, &t.tasks, ownTask, func(k *store.Task) string { return k.ID }, func(k *store.Task) string { return k.Account },
			func(k *store.Task) place {
				return place{
					"enrollment": &k.Enrollment, "contact": &k.Contact, "channel": &k.Channel, "status": &k.Status, "title": &k.Title,
					"brief": &k.Brief, "reason": &k.Reason, "answers": &k.Answers, "snooze_reason": &k.SnoozeReason,
				}
			}), nil
	case "touches":
		return tt, ofTable(t, &t.touches, self, func(h *store.Touch) string { return h.ID }, func(h *store.Touch) string { return h.Account },
			func(h *store.Touch) place {
				return place{"contact": &h.Contact, "recipient": &h.Recipient, "state": (*string)(&h.State), "reason": &h.Reason}
			}), nil
	case "messages":
		return tt, ofTable(t, &t.messages, ownMessage, func(m *store.Outmail) string { return tt.KeyOf(m.Seq) }, func(m *store.Outmail) string { return m.Account },
			func(m *store.Outmail) place { return place{"touch": &m.Touch, "body": &m.Outbound} }), nil
	case "sightings":
		return tt, ofTable(t, &t.sightings, self, func(s *store.Sighting) string { return s.Key }, func(s *store.Sighting) string {
			if h := t.touches.rows[s.Touch]; h != nil {
				return h.Account
			}
			return ""
		}, func(s *store.Sighting) place { return place{"touch": &s.Touch, "detail": &s.Detail} }), nil
	case "signals":
		return tt, ofTable(t, &t.signals, ownSignal, func(s *store.Signal) string { return tt.KeyOf(s.Enrollment, s.Seq) }, func(s *store.Signal) string {
			if e := t.enrollments.rows[s.Enrollment]; e != nil {
				return e.Account
			}
			return ""
		}, func(s *store.Signal) place { return place{"reason": &s.Reason, "data": &s.Data} }), nil
	}
	return tt, t.moreTextRows(tt), nil
}

func (t *tx) moreTextRows(tt store.TextTable) texts {
	switch tt.Name {
	case "dues":
		return ofTable(t, &t.dues, ownDue, func(d *store.Due) string { return d.Key }, func(d *store.Due) string { return d.Account },
			func(d *store.Due) place { return place{"kind": &d.Kind, "data": &d.Data} })
	case "approvals":
		return ofTable(t, &t.approvals, self, func(a *store.Approval) string { return a.ID }, func(a *store.Approval) string { return a.Account },
			func(a *store.Approval) place {
				return place{"title": &a.Title, "in_exchange": &a.InExchange, "note": &a.Note}
			})
	case "holds":
		return ofTable(t, &t.holds, self, func(h *store.Hold) string { return h.ID }, func(h *store.Hold) string { return h.Account },
			func(h *store.Hold) place { return place{"by_whom": &h.By, "reason": &h.Reason} })
	case "lines":
		return ofTable(t, &t.lines, self, func(l *store.Line) string { return tt.KeyOf(l.Seq) }, func(l *store.Line) string { return l.Account },
			func(l *store.Line) place {
				return place{"key": noNull{&l.Key}, "recipient": &l.To, "outcome": &l.Outcome, "reason": &l.Reason}
			})
	case "events":
		return ofTable(t, &t.events, ownEvent, func(e *store.Event) string { return tt.KeyOf(e.Seq) }, func(e *store.Event) string { return e.Account },
			func(e *store.Event) place {
				return place{"source": &e.Source, "id": &e.ID, "kind": &e.Kind, "name": &e.Event, "contact": &e.Contact, "props": &e.Props}
			})
	case "objects":
		return ofTable(t, &t.objects, ownObject, func(o *store.Object) string { return tt.KeyOf(o.Kind, o.Key) }, func(o *store.Object) string { return o.Account },
			func(o *store.Object) place { return place{"fields": &fieldsJSON{&o.Fields}} })
	case "accounts":
		return ofTable(t, &t.accounts, ownAccount, func(a *store.Account) string { return a.ID }, func(a *store.Account) string { return a.ID },
			func(a *store.Account) place { return place{"fields": &fieldsJSON{&a.Fields}} })
	case "contacts":
		return ofTable(t, &t.contacts, ownContact, func(c *store.Contact) string { return c.ID }, func(c *store.Contact) string { return c.Account },
			func(c *store.Contact) place { return place{"fields": &fieldsJSON{&c.Fields}} })
	}
	return t.apartTextRows(tt)
}

// noAccount is nobody's id.
const noAccount = "\x00"

// apart is the account of rows that are of none.
func apart[V any](*V) string { return "" }

func (t *tx) apartTextRows(tt store.TextTable) texts {
	switch tt.Name {
	case "parked":
		return ofTable(t, &t.parked, ownParked, func(p *store.Parked) string { return tt.KeyOf(p.Source, p.ID) }, apart,
			func(p *store.Parked) place {
				return place{"message": &messageJSON{&p.Message}, "id": &p.ID, "contact": &p.Contact}
			})
	case "aliases":
		return ofTable(t, &t.aliases, self, func(a *store.Alias) string { return tt.KeyOf(a.Kind, a.ID) }, apart,
			func(a *store.Alias) place { return place{"id": &a.ID, "became": &a.Into} })
	case "tokens":
		return ofTable(t, &t.tokens, ownToken, func(k *store.Token) string { return k.ID }, apart,
			func(k *store.Token) place {
				return place{"name": &k.Name, "created_by": &k.CreatedBy, "revoked_by": &k.RevokedBy}
			})
	case "audit":
		return ofTable(t, &t.audits, self, func(a *store.Audit) string { return tt.KeyOf(a.Seq) }, apart,
			func(a *store.Audit) place { return place{"who": &a.Who, "subject": &a.On, "details": &a.Details} })
	case "meta":
		return ofTable(t, &t.meta, self, func(e *entry) string { return e.name }, func(e *entry) string {
			if strings.HasPrefix(e.name, store.StopAllKey) {
				return ""
			}
			return noAccount
		}, func(e *entry) place { return place{"value": &e.value} })
	}
	return ofTable(t, &t.erasures, ownErasure, func(e *store.Erasure) string { return e.ID }, func(e *store.Erasure) string { return e.Account },
		func(e *store.Erasure) place { return place{"by_whom": &e.By, "reason": &e.Reason} })
}

// fieldsJSON writes fields in place of those there, where JSON would add to them.
type fieldsJSON struct{ fields *map[string]store.Field }

// MarshalJSON is json.Marshaler.
func (f *fieldsJSON) MarshalJSON() ([]byte, error) { return json.Marshal(*f.fields) }

// UnmarshalJSON is json.Unmarshaler.
func (f *fieldsJSON) UnmarshalJSON(b []byte) error {
	d := json.NewDecoder(bytes.NewReader(b))
	d.UseNumber()
	fresh := map[string]store.Field{}
	if err := d.Decode(&fresh); err != nil {
		return err
	}
	*f.fields = fresh
	return nil
}

// messageJSON is a message as databases keep it; its id and contact are columns of
// their own, which say them here.
type messageJSON struct{ *holdfast.Message }

// MarshalJSON is json.Marshaler.
func (m *messageJSON) MarshalJSON() ([]byte, error) { return json.Marshal(m.Message) }

// UnmarshalJSON is json.Unmarshaler.
func (m *messageJSON) UnmarshalJSON(b []byte) error {
	d := json.NewDecoder(bytes.NewReader(b))
	d.UseNumber()
	fresh := holdfast.Message{}
	if err := d.Decode(&fresh); err != nil {
		return err
	}
	fresh.Source, fresh.ID, fresh.Contact = m.Source, m.ID, m.Contact
	*m.Message = fresh
	return nil
}
