package postgres

import (
	"fmt"
	"time"

	"holdfast/internal/store"
)

var aliasesByID = lateral("SELECT id, became FROM aliases WHERE id = w.id AND kind = $2")

func (t *tx) Aliases(kind string, ids []string) (map[string]string, error) {
	return texts(t, "read aliases", aliasesByID, ids, kind)
}

func (t *tx) AliasesOf(kind, into string) ([]store.Alias, error) {
	return all(t, "list aliases", func(row scanner) (store.Alias, error) {
		a := store.Alias{Kind: kind, Into: into}
		return a, row.Scan(&a.ID, at(&a.At))
	}, "SELECT id, at FROM aliases WHERE kind = $1 AND became = $2 ORDER BY id", kind, into)
}

func (t *tx) PutAlias(a store.Alias) error {
	moved, err := t.Aliases(a.Kind, []string{a.Into})
	if err != nil {
		return err
	}
	if len(moved) > 0 || a.ID == a.Into {
		return store.Circle(a)
	}
	if err := t.put("write alias", `INSERT INTO aliases (kind, id, became, at) VALUES ($1, $2, $3, $4)
		ON CONFLICT (kind, id) DO UPDATE SET became = excluded.became`, a.Kind, a.ID, a.Into, when(a.At)); err != nil {
		return err
	}
	return t.put("shorten chains", "UPDATE aliases SET became = $1 WHERE kind = $2 AND became = $3", a.Into, a.Kind, a.ID)
}

// moves are the tables whose rows go from one account to another as they are.
var moves = []string{"contacts", "objects", "events", "holds", "listeners", "tasks", "approvals", "touches", "messages", "erasures"}

func (t *tx) MoveAccount(from, into string) error {
	rests, err := t.Rests(from, time.Time{})
	if err != nil {
		return err
	}
	for _, r := range rests {
		r.Account = into
		if err := t.PutRest(r); err != nil {
			return err
		}
	}
	t.entered = nil // their accounts and entries are others now
	entry := store.MovedEntry("", "")
	steps := []string{
		`INSERT INTO buckets (account, metric, day, count, sum, min, max)
			SELECT $2::text, metric, day, count, sum, min, max FROM buckets WHERE account = $1 ON CONFLICT (account, metric, day) DO UPDATE SET
			count = buckets.count + excluded.count, sum = buckets.sum + excluded.sum,
			min = least(buckets.min, excluded.min), max = greatest(buckets.max, excluded.max)`,
		"UPDATE lines SET account = $2 WHERE enrollment IN (SELECT id FROM enrollments WHERE account = $1)",
		`UPDATE enrollments SET entry_key = entry_key || '` + entry + `' || id WHERE account = $1 AND EXISTS (
			SELECT 1 FROM enrollments o WHERE o.account = $2 AND o.playbook = enrollments.playbook AND o.entry_key = enrollments.entry_key)`,
		"UPDATE enrollments SET account = $2 WHERE account = $1",
	}
	for _, table := range moves {
		steps = append(steps, "UPDATE "+table+" SET account = $2 WHERE account = $1")
	}
	for _, query := range steps {
		if err := t.put("move account", query, from, into); err != nil {
			return err
		}
	}
	for _, query := range []string{"DELETE FROM buckets WHERE account = $1", "DELETE FROM rests WHERE account = $1", "DELETE FROM accounts WHERE id = $1"} {
		if err := t.put("forget account", query, from); err != nil {
			return err
		}
	}
	return nil
}

// follows are the tables in which a contact is named beside its account.
var follows = []string{"enrollments", "tasks", "touches", "events"}

func (t *tx) MoveContact(from, into string, accounts []string) error {
	all, err := t.Suppressions(from, "")
	if err != nil {
		return err
	}
	for _, s := range all {
		s.Contact = into
		if err := t.Suppress(s); err != nil {
			return err
		}
	}
	for _, account := range accounts {
		for _, table := range follows {
			if err := t.put("move contact", "UPDATE "+table+" SET contact = $1 WHERE account = $2 AND contact = $3", into, account, from); err != nil {
				return err
			}
		}
	}
	if err := t.put("move opt-outs", "UPDATE events SET contact = $1 WHERE contact = $2 AND "+ofOptOuts, into, from); err != nil {
		return err
	}
	if err := t.put("move what waits", "UPDATE parked SET contact = $1 WHERE contact = $2", into, from); err != nil {
		return err
	}
	if err := t.put("forget suppressions", "DELETE FROM suppressions WHERE contact = $1", from); err != nil {
		return err
	}
	return t.put("forget contact", "DELETE FROM contacts WHERE id = $1", from)
}

func (t *tx) MoveTruth(v store.Truth, from string) error {
	if err := t.PutTruth(v); err != nil {
		return fmt.Errorf("move truth: %w", err)
	}
	return t.put("forget truth", "DELETE FROM truths WHERE playbook = $1 AND trigger = $2 AND account = $3", v.Playbook, v.Trigger, from)
}
