package intake

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"holdfast/internal/facts"
	"holdfast/internal/store"
)

// What a percentile ranks is looked up in a population: the number of every known
// account, gathered once a day by the first scan, and anew after history and when a
// playbook asks for another number.

// metaRanked says of which day, and of which numbers, the populations are.
const metaRanked = "ranked_on"

// mostRanks bounds a population that is kept: of more accounts, evenly spaced ranks.
const mostRanks = 1000

// rank gathers the populations of the day, unless that was done.
func (in *Intake) rank(ctx context.Context, now time.Time, anew bool) error {
	names := in.Rules().Ranked()
	if len(names) == 0 {
		return nil
	}
	mark := now.UTC().Format(time.DateOnly) + "\x1f" + strings.Join(names, "\x1f")
	var was string
	err := in.Store.View(ctx, func(tx store.Tx) (err error) {
		was, err = tx.MetaGet(metaRanked)
		return err
	})
	if err != nil || was == mark && !anew {
		return err
	}
	all := map[string][]float64{}
	for after := ""; ; {
		ids, err := in.page(ctx, after)
		if err != nil {
			return err
		}
		if len(ids) == 0 {
			break
		}
		if err := in.gatherRanks(ctx, ids, names, now, all); err != nil {
			return fmt.Errorf("gather what percentiles rank: %w", err)
		}
		after = ids[len(ids)-1]
	}
	return in.Store.Update(ctx, func(tx store.Tx) error {
		for _, name := range names {
			data, err := json.Marshal(thinned(all[name]))
			if err != nil {
				return err
			}
			if err := tx.MetaSet(facts.PopulationKey(name), string(data)); err != nil {
				return err
			}
		}
		return tx.MetaSet(metaRanked, mark)
	})
}

func (in *Intake) gatherRanks(ctx context.Context, ids, names []string, now time.Time, all map[string][]float64) error {
	page := map[string][]float64{}
	err := in.Store.View(ctx, func(tx store.Tx) error {
		clear(page)
		b := in.batchAt(readOnly{tx}, Live, now)
		if err := b.gatherAll(ids); err != nil {
			return err
		}
		for _, id := range ids {
			s, err := b.sheet(id)
			if err != nil {
				return err
			}
			b.ranks(s, names, page)
			delete(b.sheets, id)
		}
		return b.broken
	})
	for name, some := range page {
		all[name] = append(all[name], some...)
	}
	return err
}

// ranks adds the numbers of an account. One that cannot be computed is left out:
// whoever asks for its percentile hears of it.
func (b *batch) ranks(s *sheet, names []string, all map[string][]float64) {
	f := b.facts(s, "")
	f.Until = nil
	for _, name := range names {
		if n, ok, err := b.set.Rank(name, f); err == nil && ok {
			all[name] = append(all[name], n)
		}
	}
}

// thinned sorts all, and keeps evenly spaced ranks of many.
func thinned(all []float64) []float64 {
	slices.Sort(all)
	if len(all) <= mostRanks {
		return all
	}
	kept := make([]float64, mostRanks)
	for i := range kept {
		kept[i] = all[i*(len(all)-1)/(mostRanks-1)]
	}
	return kept
}

// population is the numbers that a percentile ranks, read once in a transaction.
func (b *batch) population(name string) []float64 {
	if b.ranked == nil {
		b.ranked = map[string][]float64{}
	}
	if all, known := b.ranked[name]; known {
		return all
	}
	all, err := facts.Population(b.tx, name)
	if err != nil {
		b.trouble("", "", err)
	}
	b.ranked[name] = all
	return all
}

// population of a replay is that of the day, gathered when it is first asked for.
func (r *Replay) population(name string) []float64 {
	if day := r.b.now.Format(time.DateOnly); r.rankedOn != day {
		r.rankedOn, r.b.ranked = day, map[string][]float64{}
	}
	if all, known := r.b.ranked[name]; known {
		return all
	}
	r.b.ranked[name] = nil // a number that is made of its own percentile has none
	all := map[string][]float64{}
	for _, s := range r.b.order {
		if s.acct.Known {
			r.b.ranks(s, []string{name}, all)
		}
	}
	r.b.ranked[name] = thinned(all[name])
	return r.b.ranked[name]
}
