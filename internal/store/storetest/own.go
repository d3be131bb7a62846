package storetest

import (
	"encoding/json"
	"errors"
	"testing"

	"holdfast"
	"holdfast/internal/store"
)

// full is one of everything in which something could be changed. It is made anew
// each time, so that nothing is shared by it.
type full struct {
	account    store.Account
	contact    store.Contact
	object     store.Object
	event      holdfast.Message
	version    store.Version
	due        store.Due
	enrollment store.Enrollment
	signal     store.Signal
	listener   store.Listener
	task       store.Task
	mail       store.Outmail
}

func fullOnes() full {
	f := full{
		account: store.Account{ID: "acme", Known: true, Fields: fields()},
		contact: store.Contact{ID: "dana", Account: "acme", Fields: fields()},
		object:  store.Object{Kind: "subscription", Key: "s1", Account: "acme", Fields: fields()},
		event:   message("1", "login", t0),
		version: store.Version{Digest: "d1", Playbook: "save", Bundle: []byte("{}")},
		due:     store.Due{Key: "k", Kind: "date", At: t0, Data: []byte(`{"a":1}`)},
		signal:  store.Signal{Enrollment: "e1", Kind: "exit", At: t0, Data: []byte(`{"b":1}`)},
		listener: store.Listener{
			Enrollment: "e1", Path: "p", Account: "acme", Events: []string{"email.replied", "meeting.booked"}, OpenedAt: t0,
		},
		task: store.Task{ID: "t1", Enrollment: "e1", Status: "done", Answers: []byte(`{"c":1}`)},
		mail: store.Outmail{Outbound: holdfast.Outbound{
			Touch: "t1", Account: "acme", Headers: map[string]string{"X": "y"}, Task: &holdfast.TaskCard{ID: "k", Due: t0}, At: t0,
		}},
	}
	f.event.Props = map[string]any{"list": []any{"a", map[string]any{"deep": "b"}}}
	f.enrollment = enrollment("e1")
	f.enrollment.State = []byte(`{"v":1}`)
	return f
}

func (f *full) put(tx store.Tx) error {
	_, _, errEvent := tx.AppendEvent(f.event, t0)
	_, errEnroll := tx.Enroll(f.enrollment)
	_, errMail := tx.PutMessage(f.mail)
	return errors.Join(tx.PutAccount(f.account), tx.PutContact(f.contact), tx.PutObject(f.object), errEvent, tx.PutVersion(f.version),
		tx.PutDue(f.due), errEnroll, tx.Signal(f.signal), tx.PutListener(f.listener), tx.PutTask(f.task), errMail)
}

// read gives what there is now, and its JSON.
func (f *full) read(tx store.Tx) (string, error) {
	var errs [11]error
	var e store.Event
	f.account, errs[0] = tx.Account("acme")
	f.contact, errs[1] = tx.Contact("dana")
	f.object, errs[2] = tx.Object("subscription", "s1")
	e, errs[3] = tx.LastEvent("acme", "login")
	f.event = e.Message
	f.version, errs[4] = tx.Version("d1")
	f.enrollment, errs[5] = tx.Enrollment("e1")
	f.signal, errs[6] = tx.ExitOf("e1")
	f.task, errs[7] = tx.Task("t1")
	f.mail, errs[8] = tx.Message("t1")
	dues, err := tx.DueBefore(t0, 0)
	errs[9] = err
	open, err := tx.Listeners("acme", "email.replied")
	errs[10] = err
	if err := errors.Join(append(errs[:], same("dues", len(dues), 1), same("listeners", len(open), 1))...); err != nil {
		return "", err
	}
	f.due, f.listener = dues[0], open[0]
	said, err := json.Marshal([]any{
		f.account, f.contact, f.object, f.event, f.version, f.due, f.enrollment, f.signal, f.listener, f.task, f.mail,
	})
	return string(said), err
}

// spoil changes all that can be changed in place.
func (f *full) spoil() {
	for _, fields := range []map[string]store.Field{f.account.Fields, f.contact.Fields, f.object.Fields} {
		fields["topics"].Value.([]any)[0] = "spoilt"
		delete(fields, "name")
	}
	f.event.Props["list"].([]any)[1].(map[string]any)["deep"] = "spoilt"
	f.event.Props["more"] = "spoilt"
	for _, b := range [][]byte{f.version.Bundle, f.due.Data, f.enrollment.State, f.signal.Data, f.task.Answers} {
		b[0] = 'x'
	}
	f.listener.Events[0] = "spoilt"
	f.mail.Headers["X"], f.mail.Task.ID = "spoilt", "spoilt"
}

func nothingIsShared(t *testing.T, s store.Store) {
	given := fullOnes()
	update(t, s, given.put)
	var got full
	var want string
	view(t, s, func(tx store.Tx) (err error) {
		want, err = got.read(tx)
		return err
	})
	given.spoil()
	got.spoil()
	view(t, s, func(tx store.Tx) error {
		now, err := new(full).read(tx)
		return errors.Join(err, same("after what was given and got has changed", now, want))
	})
}

func numbersAreExact(t *testing.T, s store.Store) {
	update(t, s, func(tx store.Tx) error {
		m := message("1", "login", t0)
		m.Props = map[string]any{"n": 1e21, "list": []any{0.1, 7}, "bad": "a\xff"}
		_, _, err := tx.AppendEvent(m, t0)
		return errors.Join(err, tx.PutAccount(store.Account{ID: "acme", Fields: map[string]store.Field{
			"arr": {Value: 84300.5}, "seats": {Value: int64(12)}, "list": {Value: []any{3, "x"}}, "none": {Value: []any(nil)},
		}}))
	})
	view(t, s, func(tx store.Tx) error {
		a, err := tx.Account("acme")
		e, errE := tx.LastEvent("acme", "login")
		return errors.Join(err, errE,
			same("fields", a.Fields, map[string]store.Field{
				"arr": {Value: json.Number("84300.5")}, "seats": {Value: json.Number("12")},
				"list": {Value: []any{json.Number("3"), "x"}}, "none": {},
			}),
			same("props", e.Props, map[string]any{
				"n": json.Number("1e+21"), "list": []any{json.Number("0.1"), json.Number("7")}, "bad": "a\ufffd",
			}))
	})
	if err := s.Update(t.Context(), func(tx store.Tx) error {
		return tx.PutAccount(store.Account{ID: "odd", Fields: map[string]store.Field{"f": {Value: func() {}}}})
	}); err == nil {
		t.Error("a field that has no JSON was kept")
	}
}

func listenersNeedTheirEnrollment(t *testing.T, s store.Store) {
	err := s.Update(t.Context(), func(tx store.Tx) error {
		_ = tx.PutListener(store.Listener{Enrollment: "nobody", Path: "p", Account: "acme", Events: []string{"x"}})
		return tx.MetaSet("k", "v")
	})
	if err == nil {
		t.Error("a transaction went on after a listener of no enrollment")
	}
	metaIs(t, s, "k", "")
}
