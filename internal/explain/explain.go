package explain

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"holdfast"
	"holdfast/internal/intake"
	"holdfast/internal/project"
	"holdfast/internal/sim"
	"holdfast/internal/source"
	"holdfast/internal/store"
	"holdfast/playbooks"
)

// Question is what is asked of an account.
type Question struct {
	Account  string
	Playbook string    // only this one; "" = all
	At       time.Time // the moment it is asked about
	// Then: At lies in the past, and what was known then is rebuilt.
	Then bool
	// Happened, with Then, counts messages by when they happened and not by when
	// they were received: an import brings a past that nobody knew of then.
	Happened bool
	// Event, when it is not "", is one that would come at At, from Contact.
	Event, Contact string
	Props          map[string]any
	// Calendar, when it is not zero, is until when everything due is listed.
	Calendar time.Time
}

// horizon is how far ahead the next fire time of an enrollment is looked for.
const horizon = 400 * 24 * time.Hour

// Stored answers over a data directory's store, which is only read. The error is
// a *holdfast.Error when the question is at fault. Safe for concurrent use.
func Stored(ctx context.Context, s store.Store, p *project.Project, q Question) (*Report, error) {
	w, err := newWorld(ctx, p, q.Account, q.At)
	if err != nil {
		return nil, err
	}
	defer w.store.Close() //nolint:errcheck // it is memory
	if err := known(ctx, s, q.Account); err != nil {
		return nil, err
	}
	if q.Then {
		err = w.rebuild(ctx, s, q.At, q.Happened)
	} else {
		err = w.copyFrom(ctx, s, q.At.Add(horizon))
	}
	if err != nil {
		return nil, err
	}
	return w.report(ctx, q)
}

// Told answers over messages alone, as sim.ReadAccount reads them, before
// anything runs: no playbook has started anything, and nothing is marked as true
// before. A message that is refused is the error, with its place.
func Told(ctx context.Context, p *project.Project, ms []sim.Message, q Question) (*Report, error) {
	w, err := newWorld(ctx, p, q.Account, q.At)
	if err != nil {
		return nil, err
	}
	defer w.store.Close()                         //nolint:errcheck // it is memory
	w.told, w.intake.Options.Treated = true, true // as simulate takes it
	plain := make([]holdfast.Message, len(ms))
	for i, m := range ms {
		plain[i] = replayed(m.Message)
	}
	res, err := w.intake.Take(ctx, plain, intake.History)
	if err != nil {
		return nil, err
	}
	for _, bad := range res.Problems {
		return nil, holdfast.Errorf(holdfast.Invalid, "%s: %s", ms[bad.Index].Place, bad.Reason)
	}
	err = w.store.Update(ctx, func(tx store.Tx) error {
		if err := tx.MetaSet("intake_unmarked", ""); err != nil {
			return err
		}
		for _, b := range p.Playbooks {
			if err := tx.PutVersion(store.Version{Digest: b.Digest, Playbook: b.Name, Bundle: b.Bundle.Encode(), PublishedAt: q.At}); err != nil {
				return err
			}
			if err := tx.SetHead(b.Name, b.Digest, q.At); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return w.report(ctx, q)
}

// known says who is there instead of an account that is not.
func known(ctx context.Context, s store.Store, id string) error {
	var ids []string
	err := s.View(ctx, func(tx store.Tx) error {
		_, err := tx.Account(id)
		if !errors.Is(err, store.ErrNotFound) {
			return err
		}
		ids, err = tx.AccountIDs("", 20_000)
		return errors.Join(err, store.ErrNotFound)
	})
	if errors.Is(err, store.ErrNotFound) {
		return unknown("account", id, ids)
	}
	return err
}

// unknown is the error for a name that is not there, with the nearest that is.
func unknown(what, name string, names []string) error {
	e := holdfast.Errorf(holdfast.NotFound, "there is no %s %q", what, name)
	if near := source.Suggest(name, names); near != "" {
		e.Hint = fmt.Sprintf("did you mean %q?", near)
	}
	return e
}

// report answers q over w.
func (w *world) report(ctx context.Context, q Question) (*Report, error) {
	if err := w.narrow(q.Playbook); err != nil {
		return nil, err
	}
	if !w.then {
		if err := w.marked(ctx); err != nil {
			return nil, err
		}
	}
	r := &Report{Account: q.Account, At: q.At, Playbooks: []Playbook{}}
	looked, err := w.look(ctx)
	if err != nil {
		return nil, err
	}
	err = w.store.View(ctx, func(tx store.Tx) error {
		a, err := w.ask(tx)
		if err != nil {
			return err
		}
		return a.describe(r, q, looked)
	})
	if err != nil {
		return nil, err
	}
	if w.told || w.then && q.Event != "" { // what holds is known from here on, as once the playbooks are published
		if err := w.intake.MarkTruths(ctx); err != nil {
			return nil, err
		}
	}
	if q.Event != "" {
		m, err := message(w.project.Rules, q.Account, q.Event, q.Contact, q.Props, q.At)
		if err != nil {
			return nil, err
		}
		if r.Event, err = w.happening(ctx, m, r.zone); err != nil {
			return nil, err
		}
	}
	if !q.Then && r.Known {
		err = w.foresee(ctx, r, q)
	}
	return r, err
}

// narrow refuses a playbook that is not there. All of them stay in force: one
// shares caps, rests and lanes with the others.
func (w *world) narrow(name string) error {
	if name == "" || slices.ContainsFunc(w.heads, func(p *playbooks.Playbook) bool { return p.Name == name }) {
		return nil
	}
	var names []string
	for _, p := range w.heads {
		names = append(names, p.Name)
	}
	return unknown("playbook", name, names)
}

// look tries each trigger of the heads.
func (w *world) look(ctx context.Context) (map[[2]string]intake.Effects, error) {
	out := map[[2]string]intake.Effects{}
	for _, p := range w.heads {
		for _, t := range p.Triggers {
			did, err := w.intake.TryTrigger(ctx, p.Name, t.ID, w.account, w.clock.Now())
			if err != nil {
				return nil, fmt.Errorf("try trigger %s of %s: %w", t.ID, p.Name, err)
			}
			out[[2]string{p.Name, t.ID}] = did
		}
	}
	return out, nil
}

// describe fills in what stands now.
func (a *asker) describe(r *Report, q Question, looked map[[2]string]intake.Effects) error {
	r.Known, r.Zone, r.zone = a.acct.Known, a.zone.String(), a.zone
	r.Name, _ = a.acct.Fields["name"].Value.(string)
	if q.Then {
		r.Notes = append(append(r.Notes, counted(q.Happened)), unrebuilt...)
		if !a.first.IsZero() {
			r.Notes = append(r.Notes, "nothing about the account had been received by then: the first message came in on "+a.moment(a.first))
		}
	}
	if !r.Known {
		r.Notes = append(r.Notes, "the account is provisional: only events have named it, so it starts nothing until a group message or a table row does")
	}
	standings, err := a.intake.Standings(a.tx, a.account, a.at)
	if err != nil {
		return err
	}
	if err := a.silence(r, q); err != nil {
		return err
	}
	for _, p := range a.heads {
		if q.Playbook != "" && p.Name != q.Playbook {
			continue
		}
		b, err := a.playbook(p, standings, looked)
		if err != nil {
			return fmt.Errorf("playbook %s: %w", p.Name, err)
		}
		r.Playbooks = append(r.Playbooks, b)
	}
	return a.retired(r, q)
}

// silence notes what keeps touches of all or of some playbooks back.
func (a *asker) silence(r *Report, q Question) error {
	by, err := a.tx.MetaGet("stopped")
	if err != nil {
		return err
	}
	if by != "" {
		r.Notes = append(r.Notes, "all sending is stopped ("+by+"): nothing goes until holdfast resume-all")
	}
	for _, p := range a.heads {
		by, err := a.tx.MetaGet("stopped/" + p.Name)
		if err != nil {
			return err
		}
		if by != "" && (q.Playbook == "" || q.Playbook == p.Name) {
			r.Notes = append(r.Notes, "the sending of "+p.Name+" is stopped ("+by+")")
		}
	}
	holds, err := a.tx.Holds(a.account, a.at)
	if err != nil {
		return err
	}
	for _, h := range holds {
		until := "until it is released"
		if !h.Until.IsZero() {
			until = "until " + a.moment(h.Until)
		}
		r.Notes = append(r.Notes, "the account is held by "+h.By+" since "+a.moment(h.Since)+", "+until+": "+h.Reason)
	}
	return a.undrawn(r)
}

// undrawn notes that nobody knows yet who is held out.
func (a *asker) undrawn(r *Report) error {
	drawn, err := a.intake.Drawn(a.tx)
	if err != nil || drawn || a.intake.Options.Treated {
		return err
	}
	for _, p := range a.heads {
		if p.Holdout.Share != 0 || p.Rollout != playbooks.Whole {
			r.Notes = append(r.Notes, "who is held out and who is let in first is drawn at the first entry, and is not known yet")
			return nil
		}
	}
	return nil
}

// retired are enrollments in playbooks that are published no more.
func (a *asker) retired(r *Report, q Question) error {
	for _, e := range a.runs {
		if q.Playbook != "" || slices.ContainsFunc(a.heads, func(p *playbooks.Playbook) bool { return p.Name == e.Playbook }) {
			continue
		}
		x, err := a.enrollment(e)
		if err != nil {
			return err
		}
		b := Playbook{Name: e.Playbook, Verdict: Ended, Short: "is published no more", Triggers: []Trigger{}, Enrollments: []Enrollment{x}}
		if e.Status == "active" {
			b.Verdict, b.Short = Enrolled, "is published no more; this enrollment runs on: "+x.Doing
		}
		r.Playbooks = append(r.Playbooks, b)
	}
	return nil
}

// foresee moves w's clock: it comes last.
func (w *world) foresee(ctx context.Context, r *Report, q Question) error {
	waiting := map[string]*Enrollment{}
	for i := range r.Playbooks {
		for j := range r.Playbooks[i].Enrollments {
			if e := &r.Playbooks[i].Enrollments[j]; e.Status == "active" && w.versions[e.Digest] != nil {
				waiting[e.ID] = e
			}
		}
	}
	until := q.Calendar
	if len(waiting) == 0 && until.IsZero() {
		return nil
	}
	var err error
	if w.lines, err = w.lastLine(ctx); err != nil {
		return err
	}
	if until.IsZero() {
		until = q.At.Add(horizon)
	}
	if err := w.ahead(ctx, until, func() bool { return q.Calendar.IsZero() && w.allMoved(ctx, waiting) }); err != nil {
		return err
	}
	all, err := w.coming(ctx)
	if err != nil {
		return err
	}
	r.Assumed = assumed
	for _, c := range all {
		if !q.Calendar.IsZero() && (q.Playbook == "" || c.Playbook == q.Playbook) {
			r.Calendar = append(r.Calendar, c)
		}
		if e := waiting[c.Enrollment]; e != nil && !reached(e.Next) {
			e.Next = append(e.Next, c)
		}
	}
	return nil
}

// reached reports whether a list of what comes holds the next touch or the end.
func reached(next []Coming) bool {
	return slices.ContainsFunc(next, func(c Coming) bool {
		return !slices.Contains([]string{"skip", "error", "goal", "hold", "outcome"}, c.Kind)
	})
}

func (w *world) lastLine(ctx context.Context) (n int64, err error) {
	err = w.store.View(ctx, func(tx store.Tx) error {
		n, err = tx.LastLine()
		return err
	})
	return n, err
}

// allMoved reports whether every enrollment has come to its next touch or end.
func (w *world) allMoved(ctx context.Context, waiting map[string]*Enrollment) bool {
	all, err := w.coming(ctx)
	if err != nil {
		return false // the read is tried again, and then it is the error
	}
	next := map[string][]Coming{}
	for _, c := range all {
		next[c.Enrollment] = append(next[c.Enrollment], c)
	}
	for id := range waiting {
		if !reached(next[id]) {
			return false
		}
	}
	return true
}
