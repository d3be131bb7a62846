package storetest

import (
	"errors"
	"strconv"
	"testing"
	"time"

	"holdfast"
	"holdfast/internal/store"
)

func erasuresAreKept(t *testing.T, s store.Store) {
	first := store.Erasure{ID: "erased-b", Contact: "dana", Account: "acme", Reason: "asked", By: "Mira", BegunAt: t0, Work: []byte(`{"at":1}`)}
	second := store.Erasure{ID: "erased-a", Account: "acme", BegunAt: t0.Add(time.Hour), DoneAt: t0.Add(2 * time.Hour), Found: []byte(`{"events":2}`)}
	update(t, s, func(tx store.Tx) error {
		return errors.Join(tx.PutErasure(second), tx.PutErasure(store.Erasure{ID: "erased-b", Contact: "dana", BegunAt: t0}), tx.PutErasure(first))
	})
	view(t, s, func(tx store.Tx) error {
		got, err := tx.Erasure("erased-b")
		_, none := tx.Erasure("nobody")
		every, errAll := tx.Erasures(false, 0)
		open, errOpen := tx.Erasures(true, 1)
		return errors.Join(err, errAll, errOpen, missing("nobody", none), same("one", got, first),
			same("all, by time", every, []store.Erasure{first, second}), same("open", open, []store.Erasure{first}))
	})
}

// textsAreRewritten puts a row into every table of store.Texts, and changes each
// text of it.
func textsAreRewritten(t *testing.T, s store.Store) {
	e := enrollment("e1")
	e.Contact, e.Occurrence, e.Doing, e.State = "dana", "o", "waits", []byte(`{"at":"x"}`)
	enrolled(t, s, e)
	fields := map[string]store.Field{"name": {Value: "Acme", At: t0, Message: "m"}}
	update(t, s, func(tx store.Tx) error {
		_, _, errEvent := tx.AppendEvent(holdfast.Message{ID: "m1", Source: "s", Kind: "identify", Account: "acme", Contact: "dana", At: t0, Props: map[string]any{"a": "b", "n": 1.5}}, t0)
		_, _, errOther := tx.AppendEvent(holdfast.Message{ID: "m2", Source: "s", Kind: "track", Account: "globex", Contact: "dana", At: t0}, t0)
		_, errMail := tx.PutMessage(store.Outmail{Outbound: holdfast.Outbound{Touch: "a", Account: "acme", Contact: "dana", Subject: "hello"}})
		_, errSeen := tx.PutSighting(store.Sighting{Key: "k", Touch: "a", Kind: holdfast.Opened, At: t0, Detail: "d"})
		h := touch("a", holdfast.Sent)
		h.Enrollment, h.Contact, h.Recipient = "e1", "dana", "dana"
		return errors.Join(errEvent, errOther, errMail, errSeen, tx.PutTouch(h),
			tx.PutTask(store.Task{ID: "k", Enrollment: "e1", Account: "acme", Contact: "dana", Title: "call", Status: "open", DueAt: t0, Answers: []byte(`{}`)}),
			tx.Signal(store.Signal{Enrollment: "e1", Kind: "exit", Reason: "why", At: t0, Data: []byte(`{}`)}),
			tx.PutDue(store.Due{Key: "d", Kind: "act", At: t0, Account: "acme", Data: []byte(`{}`)}),
			tx.PutApproval(store.Approval{ID: "p", Account: "acme", Title: "t", AskedAt: t0}),
			tx.PutHold(store.Hold{ID: "h", Account: "acme", By: "b", Reason: "r", Since: t0}),
			tx.AddLine(store.Line{Key: "l", Account: "acme", To: "dana", At: t0}),
			tx.PutObject(store.Object{Kind: "subscription", Key: "s", Account: "acme", Fields: fields}),
			tx.PutAccount(store.Account{ID: "acme", Known: true, Fields: fields}),
			tx.PutContact(store.Contact{ID: "dana", Account: "acme", Fields: fields}),
			tx.PutErasure(store.Erasure{ID: "erased-x", Account: "acme", Reason: "r", By: "b", BegunAt: t0}), // names leave the audit log while one is under way
			tx.PutAlias(store.Alias{Kind: store.OfContact, ID: "dan", Into: "dana", At: t0}),
			tx.PutToken(store.Token{ID: "tok", Hash: "h", Name: "n", Scopes: []string{"metrics"}, CreatedAt: t0, CreatedBy: "b"}),
			tx.AddAudit(store.Audit{At: t0, Who: "os:mira", What: "contact.merge", On: "dana", Details: `{"a":"b"}`}),
			tx.MetaSet("clock", "production"), tx.MetaSet(store.StopKey("win-back"), "Mira"))
	})
	update(t, s, func(tx store.Tx) error {
		_, err := tx.Park(holdfast.Message{ID: "m3", Source: "s", Kind: "identify", Contact: "dan", At: t0, Props: map[string]any{"a": "b"}}, t0)
		return err
	})
	rewritten := map[string]string{"fields": `{"name":{"v":"new"}}`, "props": `{"n":1.5,"z":"new"}`, "body": `{"Touch":"a","Account":"acme","Subject":"new"}`, "state": `{"at":"new"}`, "answers": `{"a":"new"}`, "data": `{"d":"new"}`, "details": `{"d":"new"}`, "message": `{"id":"new","source":"s","kind":"identify","contact":"new","at":"2026-03-01T00:00:00Z","props":{"z":"new"}}`}
	for _, tt := range store.Texts {
		update(t, s, func(tx store.Tx) error {
			account := "acme"
			if tt.Apart {
				account = ""
			}
			rows, err := tx.TextsOf(tt.Name, account, "", 10)
			if err != nil || len(rows) != 1 || len(rows[0].Words) != len(tt.Columns) {
				return errors.Join(errors.New(tt.Name+": want one row with every column"), same("rows", rows, nil), err)
			}
			x := rows[0]
			for _, c := range tt.Columns {
				x.Words[c] = "new"
				if doc := rewritten[c]; doc != "" {
					x.Words[c] = doc
				}
			}
			return errors.Join(tx.PutText(tt.Name, x), tx.PutText(tt.Name, store.Text{Key: x.Key}))
		})
	}
	view(t, s, func(tx store.Tx) error {
		all, err := tx.Events("acme", nil, time.Time{}, time.Time{}, 0)
		c, errContact := tx.Contact("dana")
		k, errTask := tx.Task("k")
		h, errTouch := tx.Touch("a")
		m, errMail := tx.Messages("acme", 0, 0)
		own, errEnrollment := tx.Enrollment("e1")
		waits, errWaits := tx.Parked([]string{"new"})
		became, errBecame := tx.Aliases(store.OfContact, []string{"dan", "new"})
		log, errLog := tx.Audits(store.AuditFilter{})
		key, errKey := tx.Token("tok")
		stop, errStop := tx.MetaGet(store.StopKey("win-back"))
		mode, errMode := tx.MetaGet("clock")
		erasure, errErasure := tx.Erasure("erased-x")
		if err := errors.Join(errWaits, errBecame, errLog, errKey, errStop, errMode, errErasure,
			same("waits", []any{len(waits), waits[0].ID, waits[0].Contact, waits[0].Props["z"]}, []any{1, "new", "new", "new"}),
			same("aliases", became, map[string]string{"new": "new"}),
			same("audit", log, []store.Audit{{Seq: 1, At: t0, Who: "new", What: "contact.merge", On: "new", Details: `{"d":"new"}`}}),
			same("token", []string{key.Name, key.CreatedBy, key.RevokedBy, key.Hash}, []string{"new", "new", "new", "h"}),
			same("meta", []string{stop, mode}, []string{"new", "production"}), same("erasure", []string{erasure.Reason, erasure.By}, []string{"new", "new"})); err != nil {
			return err
		}
		return errors.Join(err, errContact, errTask, errTouch, errMail, errEnrollment,
			same("props", []any{len(all), len(all[0].Props), all[0].Contact}, []any{1, 2, "new"}),
			same("contact", []any{c.Account, c.Fields["name"].Value}, []any{"acme", "new"}),
			same("task", []string{k.Brief, k.Status, string(k.Answers)}, []string{"new", "new", `{"a":"new"}`}),
			same("touch", []string{h.Contact, h.Recipient, h.Enrollment}, []string{"new", "new", "e1"}),
			same("message", m[0].Subject, "new"), same("enrollment", []string{own.Contact, string(own.State), own.Status}, []string{"new", `{"at":"new"}`, "active"}))
	})
}

func textsPage(t *testing.T, s store.Store) {
	enrolled(t, s, enrollment("e1"), enrollment("e2"))
	update(t, s, func(tx store.Tx) error {
		var errs []error
		for i := range 12 { // the tenth comes after the second
			_, _, err := tx.AppendEvent(holdfast.Message{ID: strconv.Itoa(i), Source: "s", Kind: "track", Account: "acme", At: t0}, t0)
			errs = append(errs, err, tx.Signal(store.Signal{Enrollment: "e" + strconv.Itoa(1+i%2), Kind: "retry", Reason: strconv.Itoa(i), At: t0}))
		}
		return errors.Join(errs...)
	})
	for table, want := range map[string]string{"events": "0 1 2 3 4 5 6 7 8 9 10 11", "signals": "0 2 4 6 8 10 1 3 5 7 9 11"} {
		var got, after string
		for range 10 {
			view(t, s, func(tx store.Tx) error {
				rows, err := tx.TextsOf(table, "acme", after, 5)
				for _, r := range rows {
					got += " " + r.Words[map[string]string{"events": "id", "signals": "reason"}[table]]
					after = r.Key
				}
				return err
			})
		}
		if got != " "+want {
			t.Errorf("%s: pages hold%s, want %s", table, got, want)
		}
	}
	update(t, s, func(tx store.Tx) error {
		rows, err := tx.TextsOf("events", "acme", "", 1)
		_, unknown := tx.TextsOf("versions", "acme", "", 1)
		if unknown == nil {
			return errors.New("a table without texts was read")
		}
		return errors.Join(err, tx.DropText("events", rows[0].Key), tx.DropText("events", rows[0].Key), tx.PutContact(store.Contact{ID: "dana", Account: "globex"}),
			tx.PutTask(store.Task{ID: "k", Account: "acme", Contact: "dana"}))
	})
	view(t, s, func(tx store.Tx) error {
		left, err := tx.Events("acme", nil, time.Time{}, time.Time{}, 0)
		of, errOf := tx.AccountsOf("dana")
		none, errNone := tx.AccountsOf("nobody")
		return errors.Join(err, errOf, errNone, same("left", len(left), 11), same("accounts", of, []string{"acme", "globex"}), same("nobody's", len(none), 0))
	})
	update(t, s, func(tx store.Tx) error { return errors.Join(tx.DropContact("dana"), tx.DropContact("dana")) })
	view(t, s, func(tx store.Tx) error {
		_, err := tx.Contact("dana")
		return missing("dana", err)
	})
}

// oldAuditGoes removes what is old of the audit log, and of what waits, and gives
// the next line a number of its own.
func oldAuditGoes(t *testing.T, s store.Store) {
	update(t, s, func(tx store.Tx) error {
		var errs []error
		for i := range 3 {
			errs = append(errs, tx.AddAudit(store.Audit{At: t0.Add(time.Duration(i) * time.Hour), Who: "os:mira", What: "task.done", On: strconv.Itoa(i)}))
			_, err := tx.Park(holdfast.Message{ID: strconv.Itoa(i), Source: "s", Kind: "track", Event: "Login", Contact: "dana", At: t0}, t0.Add(time.Duration(i)*time.Hour))
			errs = append(errs, err)
		}
		return errors.Join(errs...)
	})
	for _, what := range []string{store.OldAudit, store.OldParked} {
		old := store.Old{What: what, Before: t0.Add(2 * time.Hour)}
		view(t, s, func(tx store.Tx) error {
			next, n, err := tx.Prune(old, "", true)
			return errors.Join(err, same(what+" that is old", []any{next, n}, []any{"", 2}))
		})
		update(t, s, func(tx store.Tx) error {
			_, n, err := tx.Prune(old, "", false)
			return errors.Join(err, same(what+" that went", n, 2))
		})
	}
	update(t, s, func(tx store.Tx) error {
		return tx.AddAudit(store.Audit{At: t0.Add(4 * time.Hour), Who: "os:mira", What: "task.done", On: "4"})
	})
	view(t, s, func(tx store.Tx) error {
		log, err := tx.Audits(store.AuditFilter{})
		n, errParked := tx.CountParked("dana")
		left, errMeta := tx.MetaGet(store.AuditBefore)
		return errors.Join(err, errParked, errMeta, same("left", []any{len(log), log[0].On, log[0].Seq, log[1].Seq, n, left}, []any{2, "2", int64(3), int64(4), 1, ""}))
	})
}
