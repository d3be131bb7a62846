package sqlite

import (
	"context"
	"strings"
	"time"

	"holdfast"
	"holdfast/internal/store"
)

// WriterPragma reads a setting of the writer's connection.
func (s *Store) WriterPragma(name string) (string, error) { return s.write.pragma(name) }

// ReaderPragma reads a setting of one reader's connection.
func (s *Store) ReaderPragma(name string) (string, error) {
	r := <-s.idle
	defer func() { s.idle <- r }()
	return r.pragma(name)
}

func (s *session) pragma(name string) (v string, err error) {
	err = s.conn.QueryRowContext(context.Background(), "PRAGMA "+name).Scan(&v)
	return v, err
}

// Queries asks each hot question once and gives the plan of every statement
// that was prepared for it.
func (s *Store) Queries(ctx context.Context) (map[string][]string, error) {
	now := time.Unix(1, 0)
	err := s.Update(ctx, func(tx store.Tx) error {
		for _, ask := range []func(){
			func() { _, _ = tx.DueEnrollments(now, 10) },
			func() { _, _, _ = tx.NextEnrollmentDue() },
			func() { _, _ = tx.Unsettled() },
			func() { _, _ = tx.EnrollmentsOf("a", true) },
			func() { _, _ = tx.Listeners("a", "e") },
			func() { _, _ = tx.CountTouches("a", "c", "email", now) },
			func() { _, _ = tx.CountTouches("a", "", "", now) },
			func() { _, _ = tx.TouchesOf("e") },
			func() { _, _ = tx.TouchByProvider("email", "m") },
			func() { _, _ = tx.SightingsOf("t") },
			func() { _, _ = tx.Touch("t") },
			func() { _, _ = tx.TouchesIn([]holdfast.TouchState{holdfast.Claimed, holdfast.Unknown}, 5) },
			func() { _, _ = tx.Lines(5, 10) },
			func() { _, _ = tx.LinesOf("e") },
			func() { _, _ = tx.LastLine() },
			func() { _, _ = tx.Lease("h", now, now, 10) },
			func() { _ = tx.Delivered("e", 5, "ok") },
			func() { _, _ = tx.Events("a", []string{"login"}, now, now, 10) },
			func() { _, _ = tx.LastEvent("a", "login") },
			func() { _, _, _ = tx.AppendEvent(holdfast.Message{ID: "x"}, now) },
			func() { _, _ = tx.DueBefore(now, 10) },
			func() { _, _ = tx.DueBefore(now, 10, "act") },
			func() { _, _, _ = tx.NextDue() },
			func() { _, _ = tx.ExitOf("e") },
			func() { _, _ = tx.Signals("e", 1) },
			func() { _, _ = tx.Rests("a", now) },
			func() { _, _ = tx.Suppressions("c", "a@b") },
			func() { _, _ = tx.OptOuts("c") },
			func() { _ = tx.MoveContact("c", "d", nil) },
			func() { _, _ = tx.Contacts("a") },
			func() { _, _ = tx.Objects("a", "subscription") },
			func() { _, _ = tx.AllBuckets("a", "2026-01-01") },
			func() { _, _ = tx.TasksOf("e") },
			func() { _, _ = tx.AccountIDs("a", 10) },
		} {
			ask()
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	plans := map[string][]string{}
	for query := range s.write.prepared {
		if !strings.Contains(query, "WHERE") && !strings.Contains(query, "min(") && !strings.Contains(query, "max(") {
			continue
		}
		if plans[query], err = s.write.plan(ctx, query); err != nil {
			return nil, err
		}
	}
	return plans, nil
}

func (s *session) plan(ctx context.Context, query string) (details []string, err error) {
	rows, err := s.conn.QueryContext(ctx, "EXPLAIN QUERY PLAN "+query, make([]any, strings.Count(query, "?"))...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var id, parent, unused int
		var detail string
		if err := rows.Scan(&id, &parent, &unused, &detail); err != nil {
			return nil, err
		}
		details = append(details, detail)
	}
	return details, rows.Err()
}

// TablesWith are the tables that have a column, by name.
func (s *Store) TablesWith(ctx context.Context, column string) (tables []string, err error) {
	err = s.View(ctx, func(v store.Tx) error {
		tables, err = all(v.(*tx), "list tables", value[string], //nolint:forcetypeassert // a test
			"SELECT m.name FROM sqlite_schema m, pragma_table_info(m.name) c WHERE m.type = 'table' AND c.name = ? ORDER BY m.name", column)
		return err
	})
	return tables, err
}
