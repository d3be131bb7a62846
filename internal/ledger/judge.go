package ledger

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"holdfast"
	"holdfast/internal/store"
)

// judge says what is wrong with one enrollment and its touches.
func (c *check) judge(r run) (found []Finding) {
	for _, h := range r.touches {
		for _, f := range []func(run, store.Touch) string{c.twice, c.lost, c.untold, late, c.stuck} {
			if what := f(r, h); what != "" {
				kind, what, _ := strings.Cut(what, ": ")
				found = append(found, finding(kind, h, what))
			}
		}
	}
	if r.Status != "ended" {
		return found
	}
	for _, step := range unrecorded(r) {
		found = append(found, Finding{
			Kind: "missing", Enrollment: r.ID, Account: r.Account, Path: step,
			What: fmt.Sprintf("step %s of %s at %s was sent, says its state, and the ledger has no line of it", step, r.Playbook, r.Account),
		})
	}
	return found
}

func finding(kind string, h store.Touch, what string) Finding {
	return Finding{
		Kind: kind, Touch: h.ID, Enrollment: h.Enrollment, Account: h.Account, Path: h.Path, State: string(h.State),
		What: fmt.Sprintf("%s %s of %s at %s (%s, %s): %s", h.Channel, h.Path, h.Playbook, h.Account, h.State, h.ID, what),
	}
}

// twice: a message that the provider took under two ids, or has on record twice.
func (c *check) twice(r run, h store.Touch) string {
	if r.card(h) {
		return ""
	}
	var ids []string
	for _, s := range r.sightings[h.ID] {
		if s.Message != "" && !slices.Contains(ids, s.Message) {
			ids = append(ids, s.Message)
		}
	}
	if h.ProviderID != "" && len(ids) > 0 && !slices.Contains(ids, h.ProviderID) {
		ids = append(ids, h.ProviderID)
	}
	if len(ids) > 1 {
		return fmt.Sprintf("duplicate: the provider took it as %s", strings.Join(ids, " and as "))
	}
	if c.accepted != nil {
		if n := c.accepted.times(h.ID); n > 1 {
			return fmt.Sprintf("duplicate: the provider accepted it %d times", n)
		}
	}
	return ""
}

// recorded reports whether an acceptance of h would be in the provider's record:
// what the outbox kept and what goes to endpoints of the project is not.
func recorded(h store.Touch) bool {
	return h.Channel != "webhook" && !strings.HasPrefix(h.ProviderID, "outbox/")
}

// lost: the ledger says that it went, and the provider does not have it. Human
// work went by a person's hand.
func (c *check) lost(_ run, h store.Touch) string {
	if c.accepted == nil || h.HumanWork || !recorded(h) || h.State != holdfast.Sent && h.State != holdfast.Reconciled {
		return ""
	}
	if c.accepted.times(h.ID) == 0 {
		return "lost: the provider never accepted it"
	}
	return ""
}

// untold: the ledger says that it did not go, and the provider has it. One that
// the provider took and dropped did not go.
func (c *check) untold(r run, h store.Touch) string {
	if h.State != holdfast.Failed && h.State != holdfast.Skipped && h.State != holdfast.Released || r.card(h) || h.HumanWork {
		return ""
	}
	dropped := slices.ContainsFunc(r.sightings[h.ID], func(s store.Sighting) bool { return s.Kind == holdfast.Dropped })
	for _, s := range r.sightings[h.ID] {
		if s.Kind.Accepted() {
			return fmt.Sprintf("untold: the provider says that it was %s", strings.ReplaceAll(string(s.Kind), "_", " "))
		}
	}
	if c.accepted != nil && !dropped && c.accepted.times(h.ID) > 0 {
		return "untold: the provider accepted it"
	}
	return ""
}

// Overlap is how much later than an exit a touch may say that it was claimed, and have
// been claimed before it: both say when their transaction began, each by the clock of
// its own process. Of two that are on their way at once the database lets either be
// the first, whichever began earlier.
const Overlap = time.Second

// late: claimed after the commit of the exit that forbids it.
func late(r run, h store.Touch) string {
	if r.left.IsZero() || h.ClaimedAt.Sub(r.left) <= Overlap || r.card(h) || h.State == holdfast.Skipped {
		return ""
	}
	return fmt.Sprintf("late: claimed at %s, after the exit at %s", moment(h.ClaimedAt), moment(r.left))
}

// stuck: on its way for longer than anything takes, or left behind by an
// enrollment that is over.
func (c *check) stuck(r run, h store.Touch) string {
	if r.card(h) || h.HumanWork && h.State == holdfast.Claimed && r.open(h.Path) {
		return "" // the task's own state is what counts
	}
	since := h.ClaimedAt
	switch h.State {
	case holdfast.Sending:
		since = h.SendingAt
	case holdfast.Claimed:
	case holdfast.Released:
		if r.Status == "ended" {
			return "stuck: it was refused, and its enrollment is over"
		}
		return ""
	case holdfast.Sent, holdfast.Unknown, holdfast.Reconciled, holdfast.Unconfirmed, holdfast.Failed, holdfast.Skipped:
		return ""
	default:
		return fmt.Sprintf("stuck: it has no state that there is: %q", h.State)
	}
	switch {
	case r.Status == "ended":
		return "stuck: its enrollment is over"
	case c.Now.Sub(since) > stuckAfter:
		return fmt.Sprintf("stuck: since %s; is the server running?", moment(since))
	}
	return ""
}

// open reports whether the task at a path is.
func (r run) open(path string) bool {
	return slices.ContainsFunc(r.tasks, func(k store.Task) bool { return k.Path == path && k.Status == "open" })
}

func moment(t time.Time) string { return t.UTC().Format("2006-01-02 15:04:05.000") }
