package steps

import (
	"maps"
	"slices"
	"time"

	"holdfast/rules"
)

// armsKind is the Wait of a step whose arms all rest.
const armsKind = "arms"

// arms is what a parallel and an each have in common: several counters, each
// walked until it rests.
type arms struct {
	step  *Step
	item  func(key string) (rules.Record, bool) // each: what the arm's name stands for; nil = parallel
	as    string
	first bool // the first arm that is over ends them all
}

// walkArms moves each arm of s on as far as it goes; over reports that the step
// is done. An arm whose command was answered comes first, so that the answer is
// not lost behind another's command.
func (w *walk) walkArms(a arms) (cmd Command, over bool, err error) {
	order := make([]int, 0, len(w.st.Arms))
	for i, arm := range w.st.Arms {
		if arm.Asked {
			order = append(order, i)
		}
	}
	for i, arm := range w.st.Arms {
		if !arm.Asked && arm.At != "" {
			order = append(order, i)
		}
	}
	for _, i := range order {
		cmd, err := w.inArm(a, i)
		if err != nil || w.st.Over || cmd.Kind != "" {
			return cmd, false, err
		}
		if a.first && w.st.Arms[i].At == "" {
			w.dropOthers(a, i)
			return Command{}, true, nil
		}
	}
	over = !slices.ContainsFunc(w.st.Arms, func(arm Arm) bool { return arm.At != "" })
	return Command{}, over, nil
}

// inArm walks arm i of the step until it rests or is over; a command that is for
// the outside is answered up.
func (w *walk) inArm(a arms, i int) (Command, error) {
	outer := *w
	arm := w.st.Arms[i]
	w.st.At, w.st.Loops, w.st.Arms = arm.At, slices.Clone(arm.Loops), slices.Clone(arm.Arms)
	w.st.Wait, w.dueAt = copied(arm.Wait), dueOf(arm.Wait)
	w.holder, w.prefix = a.step, outer.armPrefix(a, arm.Key)
	w.around = append(slices.Clip(w.around), outer.st.Loops...)
	if a.item != nil {
		w.enterItem(a, arm)
	}
	w.closeBackground()
	w.see()
	cmd, err := w.walkArm()
	if err != nil || w.st.Over {
		return cmd, err
	}
	arm.At, arm.Loops, arm.Wait, arm.Arms = w.st.At, w.st.Loops, w.st.Wait, w.st.Arms
	arm.Asked = cmd.Kind == Deliver
	if a.item != nil {
		arm.Done = w.items[len(w.items)-1].done
	}
	w.st.At, w.st.Loops, w.st.Wait, w.st.Arms = outer.st.At, outer.st.Loops, outer.st.Wait, slices.Clone(outer.st.Arms)
	w.st.Arms[i] = arm
	w.holder, w.prefix, w.items, w.around, w.dueAt = outer.holder, outer.prefix, outer.items, outer.around, outer.dueAt
	w.facts.Items = outer.facts.Items
	w.see()
	return cmd, nil
}

// walkArm is one arm's moves: an empty command when it rests or is over.
func (w *walk) walkArm() (Command, error) {
	for w.st.At != "" {
		if err := w.count(); err != nil {
			return Command{}, err
		}
		cmd, err := w.move()
		if err != nil || w.st.Over {
			return cmd, err
		}
		if cmd.Kind == Rest {
			return Command{}, nil
		}
		if cmd.Kind != "" {
			return cmd, nil
		}
	}
	return Command{}, nil
}

// armPrefix begins the paths of an arm's steps: "top3[issue-7]/" for an item;
// steps of a parallel have ids of their own and need none.
func (w *walk) armPrefix(a arms, key string) string {
	if a.item == nil {
		at := w.place(a.step)
		return at[:len(at)-len(a.step.ID)]
	}
	return w.place(a.step) + "[" + key + "]/"
}

// item is an open item of an each, and what its steps came to.
type item struct {
	step *Step
	done map[string]Result
}

func (w *walk) enterItem(a arms, arm Arm) {
	w.items = append(slices.Clip(w.items), item{step: a.step, done: arm.Done})
	named := maps.Clone(w.facts.Items)
	if named == nil {
		named = map[string]rules.Record{}
	}
	delete(named, a.as)
	if r, ok := a.item(arm.Key); ok {
		named[a.as] = r
	}
	w.facts.Items = named
}

// restArms rests s until the first of its arms may wake.
func (w *walk) restArms(s *Step) Command {
	var until time.Time
	for _, wait := range waits(nil, w.st.Arms, nil) {
		if !wait.Until.IsZero() && (until.IsZero() || wait.Until.Before(until)) {
			until = wait.Until
		}
	}
	return w.rest(s, armsKind, until, "")
}

// dropOthers ends the arms that came second.
func (w *walk) dropOthers(a arms, winner int) {
	for i, arm := range w.st.Arms {
		if i == winner {
			continue
		}
		for _, wait := range waits(arm.Wait, arm.Arms, nil) {
			if s := StepOf(w.p, wait.Path); s != nil {
				w.lines = append(w.lines, Happened{
					Path: wait.Path, Step: s.ID, Kind: "drop", Outcome: "dropped", Reason: "arm " + w.st.Arms[winner].Key + " of " + a.step.ID + " ended first",
				})
			}
		}
	}
}

func copied(wait *Wait) *Wait {
	if wait == nil {
		return nil
	}
	own := *wait
	return &own
}
