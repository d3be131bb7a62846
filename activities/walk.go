package activities

import (
	"errors"
	"fmt"
	"time"

	"holdfast"
	"holdfast/internal/facts"
	"holdfast/internal/store"
	"holdfast/rules"
	"holdfast/steps"
	"holdfast/workflows"
)

// maxMoves bounds the commands of one walk: each is a wait, a skip or a touch.
const maxMoves = 1000

// again is when a walk that a mistake stopped is tried anew: a rule or a schema
// may have been mended by then.
const again = time.Hour

// walk is one transaction of Advance. It is used by one goroutine, once.
type walk struct {
	a       *Activities
	tx      store.Tx
	in      workflows.Step
	sent    *delivery
	now     time.Time
	project Project
	set     *rules.Set
	aside   bool // of CloseLeaving: a call of Advance may be under way

	e      store.Enrollment
	m      mirror
	v      *version
	st     steps.State
	facts  *rules.Facts
	place  place // of the account
	heard  []steps.Heard
	closed []steps.TaskClosed
	exit   *store.Signal
	answer *steps.Answer
	order  *MoveOrder // to go on in another version, until it is obeyed

	cmd       steps.Command   // the one being done
	listening map[string]bool // paths of the listeners that are open
	doing     string          // when the state does not say it
	more      bool            // another answer is at hand, for the next call
	touched   bool            // a touch was made: the next one is for another call
	out       *outgoing
	events    []holdfast.Message // to emit
	result    workflows.Progress
	owed      []store.Touch // task cards to hand out
	sought    []store.Touch // messages of unknown fate to look for
}

// run is the transaction.
func (w *walk) run() error {
	done, err := w.begin()
	if err != nil || done {
		return errors.Join(err, w.findOwed())
	}
	if err := w.on(); err != nil {
		return err
	}
	if err := errors.Join(w.save(), w.emitAll()); err != nil {
		return err
	}
	return w.findOwed()
}

// emitAll tells what the walk kept to be told, last in its transaction.
func (w *walk) emitAll() error {
	for _, m := range w.events {
		if err := w.a.Emit(w.tx, m); err != nil {
			return fmt.Errorf("emit %s: %w", m.Event, err)
		}
	}
	return nil
}

// begin reads where the enrollment stands; done when there is nothing to walk.
func (w *walk) begin() (done bool, err error) {
	if w.e, err = w.tx.Enrollment(w.in.Enrollment); err != nil {
		return true, fmt.Errorf("read enrollment: %w", err)
	}
	w.m = readMirror(w.e.State)
	w.order = w.m.Move
	mine := w.m.From == keyOf(w.in)
	if w.sent != nil {
		current, err := w.record(mine && w.m.Pending || w.e.Status == "ended")
		if err != nil {
			return true, err
		}
		if !current {
			w.result = w.m.progress()
			return true, nil
		}
	}
	switch {
	case w.e.Status == "ended":
		w.result = w.m.progress()
		w.result.State.Over, w.result.Over, w.result.Again = true, true, false
		return true, w.afterEnd()
	case mine && w.m.Pending:
		w.st = w.m.State
	case mine && !w.m.spent(w.now):
		w.result = w.m.progress()
		return true, nil
	default:
		w.st = w.in.State
	}
	w.listening = listeners(w.st)
	return false, nil
}

// on reads what there is to know and walks.
func (w *walk) on() error {
	if kind, err := w.read(); err != nil {
		if _, mistake := errors.AsType[facts.MistakeError](err); !mistake {
			return err
		}
		return w.trouble(kind, err)
	}
	if err := w.fate(); err != nil {
		return err
	}
	if err := w.listen(); err != nil {
		return err
	}
	if w.exit != nil {
		return w.leave(*w.exit)
	}
	if err := w.unknown(); err != nil {
		return err
	}
	for range maxMoves {
		may, err := w.mayMove()
		if err != nil {
			return err
		}
		if may {
			if over, err := w.migrate(); err != nil || over {
				return err
			}
		}
		rests, err := w.move()
		if err != nil || (rests && w.st.Over) {
			return err
		}
		if rests {
			if may, err = w.mayMove(); err != nil || !may {
				return err
			}
		}
	}
	return w.trouble("moves", errors.New("the playbook goes on without ever resting"))
}

// read reads the version and the facts; kind says which of them could not be. The
// error is a facts.MistakeError, or the store's.
func (w *walk) read() (kind string, err error) {
	if w.v, err = w.a.Versions.version(w.tx, w.set, w.e.Digest); err != nil {
		return "version", err
	}
	if w.facts, err = facts.Load(w.tx, w.set, w.e.Account, w.e.Contact, w.now); err != nil {
		return "facts", err
	}
	w.place = w.project.place("account", w.facts.Account, nil)
	w.facts.Zone, w.facts.Days = w.place.zone, &w.place.days
	return "", nil
}

// move asks for one command and does it; rests when the walk is at its end.
func (w *walk) move() (rests bool, err error) {
	st, cmd, lines, err := steps.Next(w.v.Program, w.st, steps.Input{
		Now: w.now, Zone: w.place.zone, Days: w.place.days, Facts: w.facts,
		Answer: w.answer, Heard: w.heard, Closed: w.closed, Account: w.e.Account, Trace: w.trace(),
	})
	if err != nil {
		return true, w.trouble("rule", err)
	}
	if cmd.Kind == steps.Deliver && w.touched {
		w.result.Again = true
		w.st = st
		return true, w.tell(lines)
	}
	w.st, w.answer = st, nil
	if err := w.tell(lines); err != nil {
		return true, err
	}
	w.cmd = cmd
	switch cmd.Kind {
	case steps.Deliver:
		err = w.deliver(cmd)
		return w.out != nil, err
	case steps.Listen:
		return false, w.open(cmd)
	case steps.Finish:
		return true, w.finish(cmd)
	case steps.Rest:
		w.result.Again = w.result.Again || w.more
	}
	return true, nil
}

// trace tells Config.Trace which playbook a step is of.
func (w *walk) trace() func(string, int) {
	if w.a.Trace == nil {
		return nil
	}
	return func(step string, block int) { w.a.Trace(w.e.Playbook, step, block) }
}

// trouble rests where the enrollment stands. The first of each kind is a line,
// and a task for the owner. A rule may also have failed for what the store did not
// answer: then the line cannot be added, and nothing is said.
func (w *walk) trouble(kind string, cause error) error {
	w.doing = "stopped by a mistake (" + kind + "); tried again every hour"
	w.result.Until = w.now.Add(again)
	err := w.tx.AddLine(store.Line{
		Key: w.e.ID + "/trouble/" + kind + "/" + w.st.At, At: w.now, Account: w.e.Account, Playbook: w.e.Playbook,
		Enrollment: w.e.ID, Step: w.st.At, Kind: "error", Outcome: "stopped", Reason: cause.Error(),
	})
	if err != nil {
		return fmt.Errorf("tell what stops it: %w", err)
	}
	w.a.Log.Error("enrollment cannot go on", "enrollment", w.e.ID, "playbook", w.e.Playbook, "step", w.st.At, "reason", kind)
	if w.v == nil || w.facts == nil {
		return nil
	}
	if kind == "rule" {
		if err := w.countTrouble(cause); err != nil {
			return err
		}
	}
	return w.alert(w.st.At, "Playbook "+w.v.Title+" is stopped by a mistake", cause.Error())
}
