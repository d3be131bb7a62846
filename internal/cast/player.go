package cast

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"maps"
	"strings"
	"time"

	"holdfast"
	"holdfast/internal/calendar"
	"holdfast/internal/store"
)

// Player acts as its cast says: it watches the timeline, puts what somebody will
// do into the store's agenda, where a restart finds it, and does it when it is
// due. It is a source of the conductor: one goroutine at a time.
type Player struct {
	Cast  *Cast
	Store store.Store
	Zone  *time.Location // of the office; nil is UTC
	Days  calendar.Days  // when it is open
	// Intake takes a customer's message in.
	Intake func(ctx context.Context, msgs []holdfast.Message) error
	// CloseTask ends a task; its error is a *holdfast.Error where the act could not be.
	CloseTask func(ctx context.Context, task, status, by string, answers map[string]any, at time.Time) error
	Log       *slog.Logger // nil discards
}

const (
	metaSeen = "cast_seen" // the last timeline line that was looked at
	kindAct  = "act"       // of store.Due
	page     = 500         // lines or acts in one transaction
)

// act is what somebody will do, as it stands in the agenda.
type act struct {
	Act        string         `json:"act"`
	Event      string         `json:"event,omitempty"`
	Props      map[string]any `json:"props,omitempty"`
	Answers    map[string]any `json:"answers,omitempty"`
	Contact    string         `json:"contact,omitempty"`
	Enrollment string         `json:"enrollment,omitempty"`
	Path       string         `json:"path,omitempty"`
	By         string         `json:"by,omitempty"` // who closes the task
}

// Next looks at what has happened since it was last asked, and is when somebody
// acts next.
func (p *Player) Next(ctx context.Context) (next time.Time, ok bool, err error) {
	if len(p.Cast.Rules) == 0 {
		return next, false, nil
	}
	if err := p.watch(ctx); err != nil {
		return next, false, fmt.Errorf("cast: look at the timeline: %w", err)
	}
	err = p.Store.View(ctx, func(tx store.Tx) error {
		next, ok, err = tx.NextDue(kindAct)
		return err
	})
	return next, ok, err
}

// watch plans for each new line, and for the scripted rules that have no plan
// yet. The cursor moves in the transaction that plans, so no line counts twice.
func (p *Player) watch(ctx context.Context) error {
	for more := true; more; {
		fresh, err := p.fresh(ctx)
		if err != nil || !fresh {
			return err
		}
		err = p.Store.Update(ctx, func(tx store.Tx) error {
			var seen int64
			text, err := tx.MetaGet(metaSeen)
			if err != nil {
				return err
			}
			if text == "" {
				if err := p.script(tx); err != nil {
					return err
				}
			} else if _, err := fmt.Sscan(text, &seen); err != nil {
				return fmt.Errorf("read %s: %w", metaSeen, err)
			}
			lines, err := tx.Lines(seen, page)
			if err != nil {
				return err
			}
			for _, line := range lines {
				seen = line.Seq
				if err := p.plan(tx, line); err != nil {
					return err
				}
			}
			more = len(lines) == page
			return tx.MetaSet(metaSeen, fmt.Sprint(seen))
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// fresh reports whether there are lines to look at, without a write.
func (p *Player) fresh(ctx context.Context) (fresh bool, err error) {
	err = p.Store.View(ctx, func(tx store.Tx) error {
		seen, err := tx.MetaGet(metaSeen)
		if err != nil {
			return err
		}
		last, err := tx.LastLine()
		fresh = seen == "" || seen != fmt.Sprint(last)
		return err
	})
	return fresh, err
}

// script puts the rules that have a moment of their own on the agenda.
func (p *Player) script(tx store.Tx) error {
	for i, r := range p.Cast.Rules {
		if !r.Scripted {
			continue
		}
		y, m, d := r.At.Date()
		at := time.Date(y, m, d, r.At.Hour(), r.At.Minute(), 0, 0, p.zone())
		for _, account := range r.Accounts {
			key := fmt.Sprintf("act/at/%d/%s", i, account)
			if err := p.put(tx, key, at, account, act{Act: r.Act, Event: r.Event, Props: r.Props, Contact: r.Contact}); err != nil {
				return err
			}
		}
	}
	return nil
}

// plan decides whether somebody reacts to line, and puts that on the agenda.
func (p *Player) plan(tx store.Tx, line store.Line) error {
	var what string
	switch {
	case line.Kind == "task" && line.Outcome == "opened" && !strings.HasSuffix(line.Path, "!"): // those tell of failures
		what = "task"
	case line.Touch != "" && line.Outcome == string(holdfast.Sent):
		what = "touch"
	default:
		return nil
	}
	for _, r := range p.Cast.Rules {
		if !r.fits(what, line.Channel, line.Playbook, line.Step, line.Account) {
			continue
		}
		if chance(p.Cast.Seed, line.Enrollment, line.Path, r.id) >= r.Share {
			continue
		}
		a := act{Act: r.Act, Event: r.Event, Props: r.Props, Answers: r.Answers, Enrollment: line.Enrollment, Path: line.Path}
		if what == "task" {
			a.By = line.To
		} else {
			a.Contact = line.To
		}
		if strings.Contains(r.Act, ".") {
			a.Props = withTouch(r.Props, line)
		}
		minutes := 1 + int(59*chance(p.Cast.Seed, line.Enrollment, line.Path, "minute"))
		at := p.open(r.After.Add(line.At.In(p.zone()), p.Days).Add(time.Duration(minutes) * time.Minute))
		return p.put(tx, "act/"+line.Key, at, line.Account, a)
	}
	return nil
}

// withTouch says in a reply, as a provider would, what it replies to.
func withTouch(props map[string]any, line store.Line) map[string]any {
	all := map[string]any{"enrollment": line.Enrollment, "playbook": line.Playbook, "step": line.Step}
	if line.Touch != "" {
		all["touch"] = line.Touch
	}
	maps.Copy(all, props)
	return all
}

func (p *Player) put(tx store.Tx, key string, at time.Time, account string, a act) error {
	data, err := json.Marshal(a)
	if err != nil {
		return fmt.Errorf("encode act: %w", err)
	}
	return tx.PutDue(store.Due{Key: key, Kind: kindAct, At: at.UTC(), Account: account, Data: data})
}

// Fire does everything due at now, in order. An act that has become impossible,
// such as a task that expired meanwhile, is left out. What was done before a
// crash is done again and recognised: messages by their id, tasks by their state.
func (p *Player) Fire(ctx context.Context, now time.Time) error {
	for {
		var due []store.Due
		err := p.Store.View(ctx, func(tx store.Tx) (err error) {
			due, err = tx.DueBefore(now, page, kindAct)
			return err
		})
		if err != nil || len(due) == 0 {
			return err
		}
		for _, d := range due {
			if err := p.perform(ctx, d); err != nil {
				return fmt.Errorf("%s for %s: %w", d.Key, d.Account, err)
			}
			if err := p.Store.Update(ctx, func(tx store.Tx) error { return tx.DropDue(d.Key) }); err != nil {
				return err
			}
		}
	}
}

func (p *Player) perform(ctx context.Context, d store.Due) error {
	var a act
	dec := json.NewDecoder(bytes.NewReader(d.Data))
	dec.UseNumber()
	if err := dec.Decode(&a); err != nil {
		return fmt.Errorf("read act: %w", err)
	}
	switch a.Act {
	case done, cannot:
		return p.close(ctx, d, a)
	case holdfast.Identify, holdfast.Group:
		return p.send(ctx, d, a, a.Act, "")
	case holdfast.Track:
		return p.send(ctx, d, a, holdfast.Track, a.Event)
	}
	return p.send(ctx, d, a, holdfast.Track, a.Act)
}

func (p *Player) send(ctx context.Context, d store.Due, a act, kind, event string) error {
	return p.Intake(ctx, []holdfast.Message{{
		ID: "cast/" + d.Key, Source: "cast", Kind: kind, Event: event, Account: d.Account, Contact: a.Contact, At: d.At, Props: a.Props,
	}})
}

func (p *Player) close(ctx context.Context, d store.Due, a act) error {
	task := ""
	err := p.Store.View(ctx, func(tx store.Tx) error {
		ks, err := tx.TasksOf(a.Enrollment)
		for _, k := range ks {
			if k.Path == a.Path && k.Status == "open" {
				task = k.ID
			}
		}
		return err
	})
	if err != nil || task == "" {
		return err
	}
	err = p.CloseTask(ctx, task, a.Act, a.By, a.Answers, d.At)
	switch holdfast.CodeOf(err) {
	case holdfast.Conflict, holdfast.NotFound:
		return nil
	case holdfast.Invalid: // the cast is out of step with the playbook's form: the run need not end for it
		p.log().WarnContext(ctx, "cast cannot close a task", "task", task, "enrollment", a.Enrollment, "error", err)
		return nil
	case holdfast.Unauthorized, holdfast.Unavailable:
	}
	return err
}

func (p *Player) zone() *time.Location {
	if p.Zone == nil {
		return time.UTC
	}
	return p.Zone
}

func (p *Player) log() *slog.Logger {
	if p.Log == nil {
		return slog.New(slog.DiscardHandler)
	}
	return p.Log
}
