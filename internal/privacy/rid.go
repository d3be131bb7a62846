package privacy

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"holdfast"
	"holdfast/internal/erased"
	"holdfast/internal/intake"
	"holdfast/internal/store"
)

// change is what becomes of a row.
type change struct {
	words   map[string]string // the columns that are written
	touched bool
	drop    bool
	giveUp  bool // a touch that would be tried again
	theirs  bool // the row is about the person: for them, or theirs
	err     error
}

// row is one that is being rid of the person.
type row struct {
	*seeker
	store.Text
	change
}

func (r *row) set(column, text string) {
	if old, there := r.Words[column]; there && old != text {
		r.words[column], r.touched = text, true
	}
}

// each rewrites columns, those that are there.
func (r *row) each(clean func(string) (string, bool), columns ...string) {
	for _, c := range columns {
		if w, ok := r.Words[c]; ok {
			if text, changed := clean(w); changed {
				r.set(c, text)
			}
		}
	}
}

// ofContact reports whether the row is of the person, by their id or by their mark.
func (r *row) ofContact() bool { return r.names(r.Words["contact"]) }

// json rewrites the texts in columns of JSON.
func (r *row) json(clean func(string) (string, bool), columns ...string) {
	for _, c := range columns {
		w, ok := r.Words[c]
		if !ok || w == "" {
			continue
		}
		text, err := inJSON(w, clean)
		if err != nil {
			r.err = errors.Join(r.err, fmt.Errorf("read %s: %w", c, err))
			return
		}
		r.set(c, text)
	}
}

// rid takes the person out of a row of a table.
func (s *seeker) rid(table string, x store.Text) change {
	r := &row{seeker: s, Text: x, change: change{words: map[string]string{}}}
	switch table {
	case "enrollments":
		r.each(s.id, "contact", "occurrence", "entry_key")
		r.each(s.prose, "doing")
		r.json(s.prose, "state")
	case "tasks":
		r.task()
	case "touches":
		r.touch()
	case "messages":
		r.message()
	case "sightings":
		r.each(s.prose, "detail")
	case "signals":
		r.each(s.prose, "reason")
		r.json(s.prose, "data")
	case "dues":
		r.json(s.prose, "data")
		r.drop = r.touched && r.Words["kind"] == intake.SuppressKind // nobody is told more of them
	case "approvals", "holds":
		r.each(s.prose, "title", "in_exchange", "note", "by_whom", "reason")
	case "lines":
		r.line()
	case "events":
		r.event()
	case "parked":
		r.waiting()
	case "aliases":
		r.each(s.id, "id", "became")
	case "erasures":
		r.each(s.prose, "by_whom", "reason")
	case "tokens":
		r.each(s.prose, "name")
		r.each(s.strict, "created_by", "revoked_by")
	case "audit":
		r.each(s.strict, "who")
		r.each(s.id, "subject")
		r.json(s.strict, "details")
	case "meta":
		r.each(s.prose, "value")
	case "contacts":
		if x.Key != s.Contact {
			r.json(s.careful, "fields")
		}
	default: // fields of what an account is and has
		r.json(s.careful, "fields")
	}
	return r.change
}

// careful takes out of what may be a value that rules read only what means the
// person for certain; of prose each of their names.
func (s *seeker) careful(text string) (string, bool) {
	if strings.Count(text, " ") >= 3 {
		return s.prose(text)
	}
	return s.strict(text)
}

// task keeps the words of a task but for names; a draft to them is gone.
func (r *row) task() {
	r.theirs = r.ofContact()
	r.each(r.strict, "contact")
	clean := r.prose
	if r.theirs && r.Words["channel"] == "review" {
		clean = func(text string) (string, bool) { return erased.Gone, text != "" && text != erased.Gone }
	}
	r.each(clean, "title", "brief", "reason", "snooze_reason")
	r.json(clean, "answers")
}

// touch keeps the line of the ledger. One that was refused, and would be tried
// again, is not.
func (r *row) touch() {
	r.theirs = r.ofContact()
	r.each(r.strict, "contact", "recipient")
	r.each(r.prose, "reason")
	r.giveUp = r.theirs && r.Words["state"] == string(holdfast.Released)
}

// giveUp ends a touch that would be tried again.
func giveUp(tx store.Tx, id string) error {
	h, err := tx.Touch(id)
	if err != nil {
		return fmt.Errorf("read touch: %w", err)
	}
	h.State, h.Reason = holdfast.Skipped, erased.Kind
	if h.DoneAt.IsZero() {
		h.DoneAt = h.ClaimedAt
	}
	return tx.PutTouch(h)
}

// message keeps of what was sent to them that it was.
func (r *row) message() {
	var m holdfast.Outbound
	if err := json.Unmarshal([]byte(r.Words["body"]), &m); err != nil {
		r.err = err
		return
	}
	if !r.names(m.To.ID) {
		r.json(r.prose, "body")
		return
	}
	r.theirs = true
	body, err := json.Marshal(holdfast.Outbound{
		Touch: m.Touch, Channel: m.Channel, Account: m.Account, Contact: r.Mark, Enrollment: m.Enrollment, Class: m.Class,
		Playbook: m.Playbook, Step: m.Step, To: holdfast.Address{ID: r.Mark}, Subject: erased.Gone, Text: erased.Gone, At: m.At,
	})
	r.err = err
	r.set("body", string(body))
}

// event of theirs keeps that it happened. In others' events they are not named.
func (r *row) event() {
	r.theirs = r.ofContact()
	r.each(r.id, "contact", "id")
	if !r.theirs {
		r.json(r.careful, "props")
		return
	}
	m := holdfast.Message{ID: r.Words["id"], Source: r.Words["source"], Kind: r.Words["kind"]}
	if text := r.Words["props"]; text != "" {
		if m.Props, r.err = object(text); r.err != nil {
			return
		}
	}
	m = r.marks.Strip(m)
	if m.Source != "system" {
		r.set("id", m.ID)
	}
	if m.Kind == holdfast.Group {
		r.json(r.careful, "props")
		return
	}
	props, err := json.Marshal(m.Props)
	r.err = err
	r.set("props", string(props))
}

// line of a merge says in words which id has become which.
func (r *row) line() {
	merge := strings.HasPrefix(r.Words["key"], "merge/"+store.OfContact+"/")
	r.each(r.id, "key", "recipient")
	r.each(r.prose, "outcome", "reason")
	if merge && r.touched {
		r.set("reason", "contact "+erased.Gone+" has become "+erased.Gone)
	}
}

// waiting is a message whose account nobody has said yet. Theirs will never be
// taken; in others' they are not named.
func (r *row) waiting() {
	var m holdfast.Message
	d := json.NewDecoder(strings.NewReader(r.Words["message"]))
	d.UseNumber()
	if r.err = d.Decode(&m); r.err != nil {
		return
	}
	if r.theirs = r.ofContact() || r.names(m.Contact); r.theirs {
		r.touched, r.drop, r.words["message"] = true, true, r.Words["message"]
		return
	}
	r.each(r.id, "id")
	id, _ := r.id(m.ID)
	props, some := walk(any(m.Props), r.careful)
	if id == m.ID && !some {
		return
	}
	m.ID = id
	m.Props, _ = props.(map[string]any)
	body, err := json.Marshal(m)
	r.err = err
	r.set("message", string(body))
}

func object(text string) (map[string]any, error) {
	v, err := decoded(text)
	m, _ := v.(map[string]any)
	return m, err
}

func decoded(text string) (v any, err error) {
	d := json.NewDecoder(bytes.NewReader([]byte(text)))
	d.UseNumber()
	return v, d.Decode(&v)
}

// inJSON rewrites every text in a JSON document, names of keys as well. A document
// without a change comes back as it is.
func inJSON(text string, clean func(string) (string, bool)) (string, error) {
	v, err := decoded(text)
	if err != nil {
		return text, err
	}
	v, changed := walk(v, clean)
	if !changed {
		return text, nil
	}
	b, err := json.Marshal(v)
	return string(b), err
}

func walk(v any, clean func(string) (string, bool)) (any, bool) {
	some := false
	switch v := v.(type) {
	case string:
		return clean(v)
	case json.Number:
		if text, changed := clean(v.String()); changed {
			return text, true
		}
	case []any:
		for i := range v {
			one, changed := walk(v[i], clean)
			v[i], some = one, some || changed
		}
	case map[string]any:
		for _, name := range slices.Collect(maps.Keys(v)) {
			one, changed := walk(v[name], clean)
			key, renamed := clean(name)
			if renamed {
				delete(v, name)
			}
			v[key], some = one, some || changed || renamed
		}
	}
	return v, some
}

// learn reads who the person, by any of their ids, was called in what was told of them.
func learn(tx store.Tx, ids, accounts []string) (told []store.Contact, err error) {
	say := func(props map[string]any) {
		c := store.Contact{ID: ids[0], Fields: map[string]store.Field{}}
		for name, v := range props {
			c.Fields[name] = store.Field{Value: v}
		}
		told = append(told, c)
	}
	waiting, err := tx.Parked(ids)
	if err != nil {
		return nil, fmt.Errorf("read what waits: %w", err)
	}
	for _, m := range waiting {
		if m.Kind == holdfast.Identify {
			say(m.Props)
		}
	}
	for _, account := range accounts {
		for after, n := "", page; n == page; {
			rows, err := tx.TextsOf("events", account, after, page)
			if err != nil {
				return nil, fmt.Errorf("read events: %w", err)
			}
			n = len(rows)
			for _, x := range rows {
				after = x.Key
				if !slices.Contains(ids, x.Words["contact"]) || x.Words["kind"] != holdfast.Identify || x.Words["props"] == "" {
					continue
				}
				props, err := object(x.Words["props"])
				if err != nil {
					return nil, fmt.Errorf("read event: %w", err)
				}
				say(props)
			}
		}
	}
	return told, nil
}
