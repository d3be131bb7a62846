package app

import (
	"context"
	"slices"
	"time"

	"holdfast"
	"holdfast/internal/conductor"
	"holdfast/internal/intake"
)

// Feed hands recorded messages in at the time they happened. It is a source for
// a compressed run; one goroutine uses it.
type Feed struct {
	intake *intake.Intake
	msgs   []holdfast.Message
	total  *intake.Result
}

var _ conductor.Source = (*Feed)(nil)

// Feed takes the messages before its clock's now as history, at once, and keeps
// the rest for their time. total adds up what became of all of them; it is safe
// to read when nothing runs.
func (a *App) Feed(ctx context.Context, msgs []holdfast.Message, total *intake.Result, progress func(done, all int)) (*Feed, error) {
	msgs = slices.Clone(msgs)
	slices.SortStableFunc(msgs, func(x, y holdfast.Message) int { return x.At.Compare(y.At) })
	now := a.Clock.Now()
	past, _ := slices.BinarySearchFunc(msgs, now, func(m holdfast.Message, t time.Time) int { return m.At.Compare(t) })
	const step = 2000
	for from := 0; from < past; from += step {
		progress(from, past)
		res, err := a.Intake.Take(ctx, msgs[from:min(from+step, past)], intake.History)
		if err != nil {
			return nil, err
		}
		total.Add(res)
	}
	if past > 0 {
		progress(past, past)
	}
	return &Feed{intake: a.Intake, msgs: msgs[past:], total: total}, a.Intake.MarkTruths(ctx)
}

// Next is when the next message happened.
func (f *Feed) Next(context.Context) (time.Time, bool, error) {
	if len(f.msgs) == 0 {
		return time.Time{}, false, nil
	}
	return f.msgs[0].At, true, nil
}

// Fire takes in what happened by now.
func (f *Feed) Fire(ctx context.Context, now time.Time) error {
	n := 0
	for n < len(f.msgs) && !f.msgs[n].At.After(now) {
		n++
	}
	res, err := f.intake.Take(ctx, f.msgs[:n], intake.Live)
	if err != nil {
		return err
	}
	f.msgs = f.msgs[n:]
	f.total.Add(res)
	return nil
}
