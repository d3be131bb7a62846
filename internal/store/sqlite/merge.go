package sqlite

import (
	"fmt"
	"time"

	"holdfast/internal/store"
)

func (t *tx) Aliases(kind string, ids []string) (map[string]string, error) {
	return texts(t, "read aliases", "SELECT id, became FROM aliases WHERE id IN "+among+" AND kind = ?", ids, kind)
}

func (t *tx) AliasesOf(kind, into string) ([]store.Alias, error) {
	return all(t, "list aliases", func(row scanner) (store.Alias, error) {
		a := store.Alias{Kind: kind, Into: into}
		return a, row.Scan(&a.ID, at(&a.At))
	}, "SELECT id, at FROM aliases WHERE kind = ? AND became = ? ORDER BY id", kind, into)
}

func (t *tx) PutAlias(a store.Alias) error {
	moved, err := t.Aliases(a.Kind, []string{a.Into})
	if err != nil {
		return err
	}
	if len(moved) > 0 || a.ID == a.Into {
		return store.Circle(a)
	}
	if err := t.put("write alias", `INSERT INTO aliases (kind, id, became, at) VALUES (?, ?, ?, ?)
		ON CONFLICT (kind, id) DO UPDATE SET became = excluded.became`, a.Kind, a.ID, a.Into, micros(a.At)); err != nil {
		return err
	}
	return t.put("shorten chains", "UPDATE aliases SET became = ? WHERE kind = ? AND became = ?", a.Into, a.Kind, a.ID)
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
	entry := store.MovedEntry("", "")
	steps := []string{
		`INSERT INTO buckets (account, metric, day, count, sum, min, max)
			SELECT ?2, metric, day, count, sum, min, max FROM buckets WHERE account = ?1 ON CONFLICT DO UPDATE SET
			count = count + excluded.count, sum = sum + excluded.sum,
			min = min(min, excluded.min), max = max(max, excluded.max)`,
		"UPDATE lines SET account = ?2 WHERE enrollment IN (SELECT id FROM enrollments WHERE account = ?1)",
		`UPDATE enrollments SET entry_key = entry_key || '` + entry + `' || id WHERE account = ?1 AND EXISTS (
			SELECT 1 FROM enrollments o WHERE o.account = ?2 AND o.playbook = enrollments.playbook AND o.entry_key = enrollments.entry_key)`,
		"UPDATE enrollments SET account = ?2 WHERE account = ?1",
	}
	for _, table := range moves {
		steps = append(steps, "UPDATE "+table+" SET account = ?2 WHERE account = ?1")
	}
	for _, query := range steps {
		if err := t.put("move account", query, from, into); err != nil {
			return err
		}
	}
	for _, query := range []string{"DELETE FROM buckets WHERE account = ?", "DELETE FROM rests WHERE account = ?", "DELETE FROM accounts WHERE id = ?"} {
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
			if err := t.put("move contact", "UPDATE "+table+" SET contact = ? WHERE account = ? AND contact = ?", into, account, from); err != nil {
				return err
			}
		}
	}
	if err := t.put("move opt-outs", "UPDATE events SET contact = ? WHERE contact = ? AND "+ofOptOuts, into, from); err != nil {
		return err
	}
	if err := t.put("move what waits", "UPDATE parked SET contact = ? WHERE contact = ?", into, from); err != nil {
		return err
	}
	if err := t.put("forget suppressions", "DELETE FROM suppressions WHERE contact = ?", from); err != nil {
		return err
	}
	return t.put("forget contact", "DELETE FROM contacts WHERE id = ?", from)
}

func (t *tx) MoveTruth(v store.Truth, from string) error {
	if err := t.PutTruth(v); err != nil {
		return fmt.Errorf("move truth: %w", err)
	}
	return t.put("forget truth", "DELETE FROM truths WHERE playbook = ? AND trigger = ? AND account = ?", v.Playbook, v.Trigger, from)
}
