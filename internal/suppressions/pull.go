package suppressions

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"holdfast"
	"holdfast/channels/email"
	"holdfast/internal/erased"
	"holdfast/internal/intake"
	"holdfast/internal/store"
)

const (
	// every is how often the provider's lists are read.
	every = 10 * time.Minute
	// overlap is read again each time: an entry may show later than it says.
	overlap = time.Hour
	// whole is how often they are read from their beginning.
	whole = 7 * 24 * time.Hour
)

// Pull reads the provider's lists and takes in what they know and we do not: the
// suppression, and for people we know the event that says so, once. What is taken
// off a list there stays on ours: only we lift. It is a conductor.Source, for one
// goroutine.
type Pull struct {
	Config
	rest resting
}

// cursor says from when on a list is to be read.
type cursor struct {
	Since time.Time `json:"since"` // the zero time: from its beginning
	Whole time.Time `json:"whole"` // when it was last read from there
}

// Next is ten minutes after the last reading, or after the pause that a failure asks.
func (p *Pull) Next(context.Context) (time.Time, bool, error) { return p.rest.get(), true, nil }

// Fire reads all lists. It fails only when the store does.
func (p *Pull) Fire(ctx context.Context, now time.Time) error {
	for _, list := range []string{email.Complaints, email.Unsubscribed, email.Bounces, email.Invalid} {
		failure, err := p.read(ctx, list, now)
		if err != nil {
			return err
		}
		if failure != nil {
			p.rest.after(ctx, p.log(), "pull", now, time.Time{}, failure)
			return nil
		}
	}
	p.rest.after(ctx, p.log(), "pull", now, now.Add(every), nil)
	return nil
}

// read takes a list in, page by page; where it broke off, it begins again.
func (p *Pull) read(ctx context.Context, list string, now time.Time) (failure, err error) {
	key := "suppressions/" + list
	var from cursor
	err = p.Store.View(ctx, func(tx store.Tx) error {
		text, err := tx.MetaGet(key)
		if err != nil || text == "" {
			return err
		}
		return json.Unmarshal([]byte(text), &from)
	})
	if err != nil {
		return nil, fmt.Errorf("read how far list %s was read: %w", list, err)
	}
	if now.Sub(from.Whole) >= whole {
		from = cursor{Whole: now}
	}
	for offset := 0; ; offset += email.ListPage {
		page, failure := p.Lists.Read(ctx, list, from.Since, offset)
		if failure != nil {
			return failure, nil
		}
		for chunk := range slices.Chunk(page, 50) {
			if err := p.take(ctx, list, chunk, now); err != nil {
				return nil, err
			}
		}
		if len(page) < email.ListPage {
			break
		}
	}
	from.Since = now.Add(-overlap)
	text, err := json.Marshal(from)
	if err != nil {
		return nil, err
	}
	return nil, p.Store.Update(ctx, func(tx store.Tx) error { return tx.MetaSet(key, string(text)) })
}

// take takes entries in that are news.
func (p *Pull) take(ctx context.Context, list string, entries []email.Listed, now time.Time) error {
	fresh := 0
	err := p.Store.Update(ctx, func(tx store.Tx) error {
		news, err := p.news(tx, list, entries)
		if err != nil || len(news) == 0 {
			return err
		}
		var addresses []string
		for _, e := range news {
			addresses = append(addresses, e.Email)
		}
		people, err := tx.ManyContactsAt(addresses)
		if err != nil {
			return err
		}
		fresh = len(news)
		for _, e := range news {
			if e.At.After(now) || e.At.IsZero() {
				e.At = now
			}
			if err := p.takeOne(tx, list, e, people[e.Email]); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("take in list %s: %w", list, err)
	}
	if fresh > 0 && p.Poke != nil {
		p.Poke()
	}
	return nil
}

// news are the entries that are not suppressed here, and about which no word to
// lift is on its way.
func (p *Pull) news(tx store.Tx, list string, entries []email.Listed) ([]email.Listed, error) {
	words, err := waiting(tx)
	if err != nil {
		return nil, err
	}
	lifted := map[string]bool{}
	for _, d := range words {
		var w intake.Suppressing
		if json.Unmarshal(d.Data, &w) == nil && w.Lift && slices.Contains(listsOf[w.Kind], list) {
			lifted[w.Address] = true
		}
	}
	marks, err := erased.Read(tx)
	if err != nil {
		return nil, err
	}
	var news []email.Listed
	for _, e := range entries {
		if !strings.Contains(e.Email, "@") || lifted[e.Email] {
			continue
		}
		known, err := tx.Suppressions("", e.Email)
		if err != nil {
			return nil, err
		}
		if marks.Any() {
			gone, err := erased.Holds(tx, "", marks.Address(e.Email))
			if err != nil {
				return nil, err
			}
			if gone {
				continue // it does not come back by the provider's list
			}
		}
		same := func(s store.Suppression) bool {
			return s.Kind == kindOf[list] || (s.Kind == "erased" && list == email.Unsubscribed)
		}
		if !slices.ContainsFunc(known, same) && !slices.ContainsFunc(news, func(n email.Listed) bool { return n.Email == e.Email }) {
			news = append(news, e)
		}
	}
	return news, nil
}

// takeOne suppresses an address, and tells of the people behind it.
func (p *Pull) takeOne(tx store.Tx, list string, e email.Listed, people []store.Contact) error {
	kind := kindOf[list]
	if err := tx.Suppress(store.Suppression{Address: e.Email, Kind: kind, At: e.At}); err != nil {
		return err
	}
	for _, c := range people {
		sum := sha256.Sum256([]byte(list + "\x1f" + e.Email + "\x1f" + c.ID + "\x1f" + strconv.FormatInt(e.At.Unix(), 10)))
		m := event(kind, c, e.Email, e.At)
		m.ID, m.Props["list"] = "list/"+hex.EncodeToString(sum[:16]), list
		if err := p.Emit(tx, m); err != nil {
			return err
		}
	}
	return nil
}

// event says of a contact what a kind of suppression means.
func event(kind string, c store.Contact, address string, at time.Time) holdfast.Message {
	m := holdfast.Message{
		Source: "system", Kind: holdfast.Track, Account: c.Account, Contact: c.ID, At: at, Props: map[string]any{"email": address},
		Event: map[string]string{"opted_out": holdfast.EventOptedOut, "bounced": holdfast.EventBounced, "complained": holdfast.EventComplained}[kind],
	}
	if kind == "bounced" {
		m.Props["class"] = "hard"
	}
	return m
}
