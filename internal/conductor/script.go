package conductor

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"time"

	"holdfast"
	"holdfast/internal/store"
)

// Script is a source of messages that are known beforehand, such as those of a
// data file: each is taken in when the clock reaches its moment. Its place is
// kept in the store's Meta, so that a restart goes on behind it.
type Script struct {
	Store    store.Store
	Name     string             // of its place in Meta
	Messages []holdfast.Message // by At
	// Every gathers the messages of an interval into its end, so that a file with
	// many moments needs fewer moves of the clock; 0 gathers none.
	Every time.Duration
	// Take takes messages in. It is given some again after a crash.
	Take func(ctx context.Context, msgs []holdfast.Message) error
}

// scriptPage is how many messages are taken between two notes of the place.
const scriptPage = 500

// NewScript is a Script of msgs, which it sorts by At; equal moments keep their order.
func NewScript(s store.Store, name string, msgs []holdfast.Message, take func(context.Context, []holdfast.Message) error) *Script {
	slices.SortStableFunc(msgs, func(a, b holdfast.Message) int { return a.At.Compare(b.At) })
	return &Script{Store: s, Name: name, Messages: msgs, Take: take}
}

// Next is when the first message that was not taken is due.
func (s *Script) Next(ctx context.Context) (time.Time, bool, error) {
	n, err := s.place(ctx)
	if err != nil || n >= len(s.Messages) {
		return time.Time{}, false, err
	}
	at := s.Messages[n].At
	if s.Every > 0 {
		if end := at.Truncate(s.Every); end.Before(at) {
			at = end.Add(s.Every)
		}
	}
	return at, true, nil
}

// Fire takes in what is due, in order.
func (s *Script) Fire(ctx context.Context, now time.Time) error {
	n, err := s.place(ctx)
	for err == nil && n < len(s.Messages) && !s.Messages[n].At.After(now) {
		end := n
		for end < len(s.Messages) && end-n < scriptPage && !s.Messages[end].At.After(now) {
			end++
		}
		if err := s.Take(ctx, s.Messages[n:end]); err != nil {
			return fmt.Errorf("script %s, message %d: %w", s.Name, n, err)
		}
		n = end
		err = s.Store.Update(ctx, func(tx store.Tx) error { return tx.MetaSet(s.key(), strconv.Itoa(n)) })
	}
	return err
}

func (s *Script) key() string { return "script/" + s.Name }

func (s *Script) place(ctx context.Context) (n int, err error) {
	err = s.Store.View(ctx, func(tx store.Tx) error {
		text, err := tx.MetaGet(s.key())
		if err != nil || text == "" {
			return err
		}
		n, err = strconv.Atoi(text)
		return err
	})
	if err != nil {
		return 0, fmt.Errorf("script %s: %w", s.Name, err)
	}
	return n, nil
}
