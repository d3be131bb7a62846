package web

import (
	"encoding/json"
	"errors"
	"fmt"
	"html/template"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"time"

	"holdfast"
	"holdfast/internal/store"
)

// perPage is how many rows a page shows.
const perPage = 200

var words = template.FuncMap{
	"at": func(t time.Time) string {
		if t.IsZero() {
			return "—"
		}
		return t.UTC().Format("Mon 2 Jan 2006 15:04")
	},
	"iso":   func(t time.Time) string { return t.UTC().Format(time.RFC3339) },
	"short": func(s string) string { return s[:min(len(s), 8)] },
}

// played is one playbook's row in the summary.
type played struct {
	Playbook                                         string
	Enrollments, Emails, Slack, Tasks, Shifts, Skips int
	Exits, Goals                                     int
}

func (s *Site) timeline(tx store.Tx, r *http.Request) (string, view, error) {
	last, err := tx.LastLine()
	if err != nil {
		return "", view{}, err
	}
	before := last + 1
	if n, err := strconv.ParseInt(r.URL.Query().Get("before"), 10, 64); err == nil && n > 0 {
		before = min(n, before)
	}
	lines, err := tx.Lines(max(0, before-1-perPage), perPage)
	if err != nil {
		return "", view{}, err
	}
	lines = slices.DeleteFunc(lines, func(l store.Line) bool { return l.Seq >= before })
	slices.Reverse(lines)
	counts, err := tx.CountLines()
	if err != nil {
		return "", view{}, err
	}
	stops, err := store.Stops(tx)
	if err != nil {
		return "", view{}, err
	}
	var sum []played
	for _, name := range slices.Sorted(maps.Keys(counts)) {
		c := counts[name]
		sum = append(sum, played{
			Playbook: name, Enrollments: c["enroll"], Emails: c["email"], Slack: c["slack"], Tasks: c["task"],
			Shifts: c["shift"], Skips: c["skip"], Exits: c["exit"], Goals: c["goal"],
		})
	}
	older := int64(0)
	if len(lines) > 0 && lines[len(lines)-1].Seq > 1 {
		older = lines[len(lines)-1].Seq
	}
	live := r.URL.Query().Get("before") == "" && r.URL.Query().Get("pause") == "" && s.Running != nil && s.Running()
	return "timeline", view{Title: "Timeline", Here: "/", Refresh: live, Data: map[string]any{
		"Lines": lines, "Played": sum, "Older": older, "Live": live, "Stops": stops,
	}}, nil
}

func (s *Site) enrollments(tx store.Tx, r *http.Request) (string, view, error) {
	q := r.URL.Query()
	list, err := tx.ListEnrollments(store.EnrollmentFilter{
		Playbook: q.Get("playbook"), Status: q.Get("status"), Outcome: q.Get("outcome"), After: q.Get("after"), Limit: perPage,
	})
	if err != nil {
		return "", view{}, err
	}
	next := ""
	if len(list) == perPage {
		q.Set("after", list[len(list)-1].ID)
		next = q.Encode()
	}
	return "enrollments", view{Title: "Enrollments", Here: "/enrollments", Data: map[string]any{"List": list, "Next": next}}, nil
}

func (s *Site) enrollment(tx store.Tx, r *http.Request) (string, view, error) {
	e, err := tx.Enrollment(r.PathValue("id"))
	if err != nil {
		return "", view{}, err
	}
	lines, err := tx.LinesOf(e.ID)
	if err != nil {
		return "", view{}, err
	}
	touches, err := tx.TouchesOf(e.ID)
	if err != nil {
		return "", view{}, err
	}
	tasks, err := tx.TasksOf(e.ID)
	return "enrollment", view{Title: e.Playbook + " for " + e.Account, Here: "/enrollments", Data: map[string]any{
		"E": e, "Lines": lines, "Touches": touches, "Tasks": tasks,
	}}, err
}

// fact is one remembered field, in words.
type fact struct {
	Name, Value string
	At          time.Time
}

func facts(fields map[string]store.Field) []fact {
	var out []fact
	for _, name := range slices.Sorted(maps.Keys(fields)) {
		if name == store.PlacedBy {
			continue
		}
		f := fields[name]
		text, err := json.Marshal(f.Value)
		if s, ok := f.Value.(string); ok {
			text = []byte(s)
		} else if err != nil {
			text = fmt.Append(nil, f.Value)
		}
		out = append(out, fact{Name: name, Value: string(text), At: f.At})
	}
	return out
}

func (s *Site) account(tx store.Tx, r *http.Request) (string, view, error) {
	a, err := tx.Account(r.PathValue("id"))
	if err != nil {
		return "", view{}, err
	}
	contacts, err := tx.Contacts(a.ID)
	if err != nil {
		return "", view{}, err
	}
	list, err := tx.EnrollmentsOf(a.ID, false)
	if err != nil {
		return "", view{}, err
	}
	type person struct {
		ID    string
		Facts []fact
	}
	var people []person
	for _, c := range contacts {
		people = append(people, person{c.ID, facts(c.Fields)})
	}
	return "account", view{Title: a.ID, Here: "/enrollments", Data: map[string]any{
		"A": a, "Facts": facts(a.Fields), "People": people, "List": list,
	}}, nil
}

func (s *Site) mail(tx store.Tx, r *http.Request) (string, view, error) {
	after, err := strconv.ParseInt(r.URL.Query().Get("after"), 10, 64)
	if err != nil {
		after = 0
	}
	list, err := tx.Messages(r.URL.Query().Get("account"), after, perPage)
	if err != nil {
		return "", view{}, err
	}
	next := int64(0)
	if len(list) == perPage {
		next = list[len(list)-1].Seq
	}
	return "mail", view{Title: "Mail and Slack", Here: "/mail", Data: map[string]any{"List": list, "Next": next}}, nil
}

func (s *Site) message(tx store.Tx, r *http.Request) (string, view, error) {
	m, err := tx.Message(r.PathValue("touch"))
	if err != nil {
		return "", view{}, err
	}
	t, err := tx.Touch(m.Touch)
	if errors.Is(err, store.ErrNotFound) {
		t, err = store.Touch{State: holdfast.Sent}, nil
	}
	title := m.Subject
	if title == "" {
		title = "Slack to " + m.To.ID
	}
	return "message", view{Title: title, Here: "/mail", Data: map[string]any{"M": m, "T": t}}, err
}

// body is the mail itself, for the sandboxed frame of its page: no script, no
// form, no link that could leave the frame, nothing loaded but inline styles.
func (s *Site) body(w http.ResponseWriter, r *http.Request) {
	var m store.Outmail
	err := s.Store.View(r.Context(), func(tx store.Tx) (err error) {
		m, err = tx.Message(r.PathValue("touch"))
		return err
	})
	if err != nil {
		http.Error(w, "there is no such mail", http.StatusNotFound)
		return
	}
	w.Header().Set("Content-Security-Policy", "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:; frame-ancestors 'self'")
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	if _, err := w.Write([]byte(m.HTML)); err != nil {
		s.Log.DebugContext(r.Context(), "mail body", "touch", m.Touch, "error", err)
	}
}

func (s *Site) tasks(tx store.Tx, r *http.Request) (string, view, error) {
	status := r.URL.Query().Get("status")
	if status == "" {
		status = "open"
	}
	list, err := tx.Tasks("", r.URL.Query().Get("owner"), status, perPage)
	return "tasks", view{Title: "Tasks", Here: "/tasks", Data: map[string]any{"List": list, "Status": status}}, err
}
