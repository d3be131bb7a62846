package privacy

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"holdfast"
	"holdfast/internal/erased"
	"holdfast/internal/store"
)

// Person is everything that is kept of one person.
type Person struct {
	Contact  string          `json:"contact"`
	Former   []string        `json:"former,omitempty"` // ids that have become it
	Accounts []string        `json:"accounts"`
	Fields   map[string]Fact `json:"fields"`
	Consent  Consent         `json:"consent"`
	Runs     []Run           `json:"enrollments"` // that they are the contact of
	Events   []Happened      `json:"events"`
	Touches  []Touch         `json:"touches"`
	Messages []Message       `json:"messages"` // whose words are kept here
	Tasks    []Task          `json:"tasks"`    // about them
	Timeline []Line          `json:"timeline"`
	Named    []Named         `json:"named_in"` // where else they are named
	Erased   *Report         `json:"erased,omitempty"`
}

// Fact is a value, when it was true, and the message that said so.
type Fact struct {
	Value   any       `json:"value"`
	At      time.Time `json:"at,omitzero"`
	Message string    `json:"message,omitempty"`
}

// Consent is what a person chose, and what binds them now.
type Consent struct {
	Suppressed []Suppressed `json:"suppressed"`
	Said       []Happened   `json:"said"` // opt-outs, pauses, and what took them back; in Events too
}

// Suppressed is a line of the suppression list.
type Suppressed struct {
	Kind    string    `json:"kind"`
	Address string    `json:"address,omitempty"`
	Since   time.Time `json:"since"`
	Until   time.Time `json:"until,omitzero"`
}

// Run is an enrollment.
type Run struct {
	ID       string    `json:"id"`
	Account  string    `json:"account"`
	Playbook string    `json:"playbook"`
	Outcome  string    `json:"outcome"`
	Started  time.Time `json:"started"`
	Ended    time.Time `json:"ended,omitzero"`
}

// Happened is an event.
type Happened struct {
	At       time.Time      `json:"at"`
	Received time.Time      `json:"received"`
	Source   string         `json:"source"`
	ID       string         `json:"id"`
	Event    string         `json:"event"` // its name, or identify or group
	Account  string         `json:"account"`
	Props    map[string]any `json:"props,omitempty"`
}

// Touch is a line of the send ledger, and what a provider told of it.
type Touch struct {
	ID       string    `json:"id"`
	At       time.Time `json:"at"`
	Channel  string    `json:"channel"`
	State    string    `json:"state"`
	Reason   string    `json:"reason,omitempty"`
	Playbook string    `json:"playbook"`
	Step     string    `json:"step"`
	Told     []Told    `json:"told,omitempty"`
}

// Told is what a provider told of a touch.
type Told struct {
	At     time.Time `json:"at"`
	What   string    `json:"what"`
	Detail string    `json:"detail,omitempty"`
}

// Message is a message to the person.
type Message struct {
	At      time.Time `json:"at"`
	Channel string    `json:"channel"`
	To      string    `json:"to"`
	Subject string    `json:"subject"`
	Text    string    `json:"text"`
	HTML    string    `json:"html,omitempty"`
}

// Task is work that was about the person.
type Task struct {
	Opened  time.Time `json:"opened"`
	Title   string    `json:"title"`
	Brief   string    `json:"brief,omitempty"`
	Status  string    `json:"status"`
	Reason  string    `json:"reason,omitempty"`
	Answers any       `json:"answers,omitempty"`
}

// Line is one of the timeline.
type Line struct {
	At      time.Time `json:"at"`
	What    string    `json:"what"`
	Outcome string    `json:"outcome,omitempty"`
	Reason  string    `json:"reason,omitempty"`
}

// Named is a row that names the person and is not theirs: the texts that do.
type Named struct {
	Table string            `json:"table"`
	Key   string            `json:"key"`
	Texts map[string]string `json:"texts"`
}

// Access gathers what is kept of a contact, from one snapshot. Of somebody who was
// erased it is what was left. The error is a *holdfast.Error of code not_found for
// somebody unknown.
func Access(ctx context.Context, st store.Store, contact string) (Person, error) {
	var p Person
	err := st.View(ctx, func(tx store.Tx) error {
		p = Person{Contact: contact, Fields: map[string]Fact{}, Events: []Happened{}, Touches: []Touch{}, Messages: []Message{}, Tasks: []Task{}, Runs: []Run{}, Timeline: []Line{}, Named: []Named{}}
		p.Consent = Consent{Suppressed: []Suppressed{}, Said: []Happened{}}
		marks, err := erased.Read(tx)
		if err != nil {
			return err
		}
		if marks.Any() {
			if row, err := was(tx, marks, contact); err == nil {
				r, err := reportOf(row)
				if err != nil {
					return err
				}
				p.Erased, p.Contact = &r, row.ID
			} else if !errors.Is(err, store.ErrNotFound) {
				return err
			}
		}
		f, err := where(tx, p.Contact)
		if err != nil {
			return err
		}
		c, err := f.known(tx)
		if err != nil && p.Erased == nil {
			return err
		}
		p.Contact, p.Former = f.contact, f.former
		return p.gather(tx, marks, c, f)
	})
	return p, err
}

func (p *Person) gather(tx store.Tx, marks erased.Marks, c store.Contact, f found) error {
	for name, fact := range c.Fields {
		if name != store.PlacedBy {
			p.Fields[name] = Fact{fact.Value, fact.At, fact.Message}
		}
	}
	who := newPerson(c, f.former, f.told...)
	for _, address := range append([]string{""}, who.Addresses...) {
		all, err := tx.Suppressions(c.ID, address)
		if err != nil {
			return fmt.Errorf("read suppressions: %w", err)
		}
		for _, s := range all {
			one := Suppressed{s.Kind, s.Address, s.At, s.Until}
			if !slices.Contains(p.Consent.Suppressed, one) {
				p.Consent.Suppressed = append(p.Consent.Suppressed, one)
			}
		}
	}
	s := who.seeker()
	s.marks = marks
	for _, account := range f.accounts {
		if account != "" {
			p.Accounts = append(p.Accounts, account)
		}
		for _, tt := range store.Texts {
			for after, n := "", page; n == page; {
				rows, err := tx.TextsOf(tt.Name, account, after, page)
				if err != nil {
					return err
				}
				n = len(rows)
				for _, x := range rows {
					after = x.Key
					if err := p.take(tx, s, tt, x); err != nil {
						return err
					}
				}
			}
		}
	}
	return nil
}

// take puts a row where it belongs, when it is about the person.
func (p *Person) take(tx store.Tx, s *seeker, tt store.TextTable, x store.Text) error {
	is := func(column string) bool { return s.is(x.Words[column]) }
	switch {
	case tt.Name == "enrollments" && is("contact"):
		e, err := tx.Enrollment(x.Key)
		p.Runs = append(p.Runs, Run{e.ID, e.Account, e.Playbook, e.Outcome, e.StartedAt, e.EndedAt})
		return err
	case tt.Name == "tasks" && is("contact"):
		k, err := tx.Task(x.Key)
		t := Task{Opened: k.OpenedAt, Title: k.Title, Brief: k.Brief, Status: k.Status, Reason: k.Reason}
		if len(k.Answers) > 0 {
			t.Answers = json.RawMessage(k.Answers)
		}
		p.Tasks = append(p.Tasks, t)
		return err
	case tt.Name == "touches" && (is("contact") || is("recipient")):
		return p.touch(tx, x.Key)
	case tt.Name == "events" && is("contact"):
		return p.event(tx, tt, x.Key)
	case tt.Name == "lines" && is("recipient"):
		return p.line(tx, tt, x.Key)
	case tt.Name == "contacts" && x.Key == p.Contact, tt.Name == "sightings", tt.Name == "erasures" && p.Erased != nil && x.Key == p.Erased.ID:
		return nil // in Fields, and with the touches
	case tt.Name == "messages":
		var m holdfast.Outbound
		if err := json.Unmarshal([]byte(x.Words["body"]), &m); err != nil {
			return fmt.Errorf("read message: %w", err)
		}
		if s.is(m.To.ID) {
			p.Messages = append(p.Messages, Message{m.At, m.Channel, m.To.Email, m.Subject, m.Text, m.HTML})
			return nil
		}
	}
	if erased.Is(p.Contact) {
		return nil // nobody is named by a mark alone
	}
	look := *s
	look.Mark = erased.Gone
	r := look.named(tt.Name, x)
	if len(r) > 0 {
		p.Named = append(p.Named, Named{tt.Name, strings.ReplaceAll(x.Key, "\x1f", "/"), r})
	}
	return nil
}

// named are the columns of a row in which the person is named.
func (s *seeker) named(table string, x store.Text) map[string]string {
	if table == "touches" || table == "events" && s.is(x.Words["contact"]) {
		return nil
	}
	c := s.rid(table, x)
	found := map[string]string{}
	for column := range c.words {
		found[column] = x.Words[column]
	}
	return found
}

func (p *Person) touch(tx store.Tx, id string) error {
	h, err := tx.Touch(id)
	if err != nil {
		return fmt.Errorf("read touch: %w", err)
	}
	seen, err := tx.SightingsOf(id)
	if err != nil {
		return fmt.Errorf("read what was told: %w", err)
	}
	t := Touch{h.ID, h.ClaimedAt, h.Channel, string(h.State), h.Reason, h.Playbook, h.Step, nil}
	for _, s := range seen {
		t.Told = append(t.Told, Told{s.At, string(s.Kind), s.Detail})
	}
	p.Touches = append(p.Touches, t)
	return nil
}

func (p *Person) event(tx store.Tx, tt store.TextTable, key string) error {
	seq, err := seqOf(tt, key)
	if err != nil {
		return err
	}
	e, err := tx.Event(seq)
	if err != nil {
		return fmt.Errorf("read event: %w", err)
	}
	h := Happened{e.At, e.Received, e.Source, e.ID, e.Event, e.Account, e.Props}
	if h.Event == "" {
		h.Event = e.Kind
	}
	p.Events = append(p.Events, h)
	switch e.Event {
	case holdfast.EventOptedOut, holdfast.EventOptedIn, holdfast.EventPaused, holdfast.EventComplained:
		p.Consent.Said = append(p.Consent.Said, h)
	}
	return nil
}

func (p *Person) line(tx store.Tx, tt store.TextTable, key string) error {
	seq, err := seqOf(tt, key)
	if err != nil {
		return err
	}
	lines, err := tx.Lines(seq-1, 1)
	if err != nil {
		return fmt.Errorf("read timeline: %w", err)
	}
	for _, l := range lines {
		p.Timeline = append(p.Timeline, Line{l.At, l.Kind, l.Outcome, l.Reason})
	}
	return nil
}

func seqOf(tt store.TextTable, key string) (int64, error) {
	values, err := tt.Values(key)
	if err != nil {
		return 0, err
	}
	seq, _ := values[0].(int64)
	return seq, nil
}
