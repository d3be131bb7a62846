package activities

import (
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"holdfast"
	"holdfast/internal/calendar"
	"holdfast/internal/facts"
	"holdfast/internal/store"
	"holdfast/steps"
)

// overdueMark ends the path of the task that tells of a late one; the second and
// further levels add their number.
const overdueMark = "?late"

// nextInLine is level.To of an approval: the manager of whoever was asked.
const nextInLine = "next in line"

// level is one of those who hear of a late task. To is "" for whoever has the
// task, a reference such as owner.manager, a #channel, an id of the team, or
// nextInLine. After is a span as written.
type level struct {
	To    string `json:"to,omitempty"`
	After string `json:"after,omitempty"`
}

// watched is the Data of a due that looks at an open task: who hears of it next,
// and whether its owner was looked at since it was due.
type watched struct {
	Task   string  `json:"task"`
	Chain  []level `json:"chain,omitempty"`
	Next   int     `json:"next,omitempty"`
	Looked bool    `json:"looked,omitempty"`
}

// chain is what a task says about its lateness. Fields of open items are read now:
// later no item is open.
func (w *walk) chain(late []steps.Late) []level {
	var out []level
	for _, l := range late {
		to := l.To
		if root, _, _ := strings.Cut(to, "."); w.cmd.Items[root] != nil {
			to = w.named(to).id()
		}
		out = append(out, level{To: to, After: l.After.Text})
	}
	return out
}

// watch puts an open task on the agenda: for those who hear of it when it is late,
// and to move it when its owner is away then, or leaves.
func (a *Activities) watch(tx store.Tx, k store.Task, chain []level) error {
	return errors.Join(a.plan(tx, k, watched{Task: k.ID, Chain: chain}), a.foresee(tx, k))
}

// plan asks the agenda to look at k again, when there is something to look for.
func (a *Activities) plan(tx store.Tx, k store.Task, d watched) error {
	at, err := a.lookAt(tx, k, d)
	if err != nil || at.IsZero() {
		return err
	}
	return putWatched(tx, k, d, at)
}

func putWatched(tx store.Tx, k store.Task, d watched, at time.Time) error {
	data, err := json.Marshal(d)
	if err != nil {
		return err
	}
	return tx.PutDue(store.Due{Key: lateKind + "/" + k.ID, Kind: lateKind, At: at, Account: k.Account, Data: data})
}

// replan has the agenda look at k by what it says now: whose it is, and when it
// is due. Those who have heard that it is late are not told again.
func (a *Activities) replan(tx store.Tx, k store.Task) error {
	d := watched{Task: k.ID}
	due, err := tx.Due(lateKind + "/" + k.ID)
	if err == nil {
		err = json.Unmarshal(due.Data, &d)
	}
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return fmt.Errorf("read when %s is late: %w", k.ID, err)
	}
	d.Looked = false
	return a.plan(tx, k, d)
}

// instant is the least that the store tells apart: late is after the due time,
// not at it.
const instant = time.Microsecond

// lookAt is when k must be looked at next; zero for never.
func (a *Activities) lookAt(tx store.Tx, k store.Task, d watched) (time.Time, error) {
	p := a.Project()
	if who := p.known(k.Owner); !d.Looked && len(who.Away) > 0 {
		return k.Due().Add(instant), nil
	}
	if d.Next >= len(d.Chain) {
		return time.Time{}, nil
	}
	l := d.Chain[d.Next]
	var after calendar.Span
	if l.After != "" {
		var err error
		if after, err = calendar.ParseSpan(l.After); err != nil {
			return time.Time{}, err
		}
	}
	who, err := a.hearer(tx, k, l, k.Due())
	if err != nil {
		return time.Time{}, err
	}
	return p.work(who).Add(k.Due().In(p.ours(who).zone), after).Add(instant).UTC(), nil
}

// late looks at task d.Task, which is open and past its due time, and tells who
// is next in its chain, in their working hours.
func (a *Activities) late(tx store.Tx, d watched, now time.Time) error {
	k, err := tx.Task(d.Task)
	if errors.Is(err, store.ErrNotFound) || (err == nil && k.Status != "open") {
		return nil
	}
	if err != nil {
		return fmt.Errorf("read task %s: %w", d.Task, err)
	}
	if !k.Due().Before(now) {
		return a.plan(tx, k, d) // it was put off
	}
	if k, err = a.standIn(tx, k, now); err != nil {
		return err
	}
	if !d.Looked {
		d.Looked = true
		return a.plan(tx, k, d)
	}
	if d.Next >= len(d.Chain) {
		return nil
	}
	l := d.Chain[d.Next]
	who, err := a.hearer(tx, k, l, now)
	if err != nil {
		return err
	}
	p := a.Project()
	if who.id() == "" {
		d.Next++
		return a.plan(tx, k, d) // there is nobody above
	}
	if open := p.work(who).Next(now.In(p.ours(who).zone)); open.After(now) {
		return putWatched(tx, k, d, open.UTC())
	}
	if err := a.tellLate(tx, k, d.Next, l, who, now); err != nil {
		return err
	}
	d.Next++
	return a.plan(tx, k, d)
}

// tellLate says that k is late, on the timeline and to who.
func (a *Activities) tellLate(tx store.Tx, k store.Task, n int, l level, who someone, now time.Time) error {
	path, title := k.Path+overdueMark, "Late: "
	if n > 0 {
		path += strconv.Itoa(n + 1)
	}
	if l.To == "" {
		title = "Reminder: "
	}
	why := "it was due on " + k.Due().In(a.Project().ours(a.Project().known(k.Owner)).zone).Format("Mon 2 Jan 15:04")
	if k.SnoozedUntil.Equal(k.Due()) {
		why = "it was put off" + strings.TrimPrefix(why, "it was due on") + ": " + k.SnoozeReason
	}
	err := tx.AddLine(store.Line{
		Key: k.ID + "/late/" + strconv.Itoa(n), At: now, Account: k.Account, Playbook: k.Playbook, Enrollment: k.Enrollment,
		Step: k.Step, Path: k.Path, Kind: "overdue", To: who.id(), Outcome: "late", Reason: why,
	})
	if err != nil {
		return err
	}
	about := k
	about.Path = path
	fresh, err := a.notice(tx, about, who, title+k.Title, k.Owner+" has it; "+why, now)
	if err != nil || !fresh {
		return err
	}
	return a.handLater(tx, k.Enrollment, holdfast.TouchID(k.Enrollment, path+alertMark, "slack", who.id()), now)
}

// hearer is who hears of k at a level, as far as is known at a moment. An empty
// one is nobody: there is no next in line.
func (a *Activities) hearer(tx store.Tx, k store.Task, l level, now time.Time) (someone, error) {
	p := a.Project()
	switch {
	case l.To == "":
		return p.known(k.Owner), nil
	case l.To == nextInLine:
		boss, ok := p.person(p.known(k.Owner).Manager)
		if !ok {
			return someone{}, nil
		}
		return p.present(someone{Person: boss}, now), nil
	case l.To != "owner" && l.To != "owner.manager" && !strings.HasPrefix(l.To, "account."):
		return p.present(p.known(l.To), now), nil
	}
	f, err := facts.Load(tx, a.Rules(), k.Account, "", now)
	if err != nil {
		return someone{}, err
	}
	return p.present(p.resolve(l.To, f.Account), now), nil
}

// overdueAt begins the chain of a task that was opened before the agenda looked
// at open tasks, and which its own enrollment finds to be late.
func (w *walk) overdueAt(path string) error {
	k, err := w.tx.Task(taskID(w.e.ID, path))
	if errors.Is(err, store.ErrNotFound) || (err == nil && k.Status != "open") {
		return nil
	}
	if err != nil {
		return fmt.Errorf("read task at %s: %w", path, err)
	}
	s := steps.StepOf(w.v.Program, path)
	if s == nil {
		return nil
	}
	chain := []level{{To: nextInLine}}
	if spec, ok := s.Spec.(*steps.Task); ok {
		chain = w.chain(spec.Overdue)
	}
	return w.a.watch(w.tx, k, chain)
}
