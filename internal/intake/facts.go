package intake

import (
	"errors"
	"fmt"
	"time"

	"holdfast/internal/store"
	"holdfast/rules"
)

// horizon is how many days of a metric expressions can look back.
const horizon = 400

// facts are what expressions about s may read now: what is stored and what the
// transaction has changed. contact "" leaves the contact unset. A read that
// fails answers with nothing; the transaction does not commit then.
func (b *batch) facts(s *sheet, contact string) *rules.Facts {
	f := &rules.Facts{
		Now:     b.now,
		Account: b.record(s),
		Objects: func(kind string) []rules.Record {
			rs, err := b.objects(s, kind)
			b.broken = errors.Join(b.broken, err)
			return rs
		},
		Series: func(metric string) []rules.Day {
			ds, err := b.days(s, metric)
			b.broken = errors.Join(b.broken, err)
			return b.seen(ds)
		},
		Population: b.population,
		Until:      b.until,
	}
	if b.populated != nil {
		f.Population = b.populated
	}
	if b.in.Options.Place != nil {
		zone, days := b.in.place(f.Account)
		f.Zone, f.Days = zone, &days
	}
	if contact == "" {
		return f
	}
	p, err := b.person(contact)
	switch {
	case err == nil:
		if p.rec == nil {
			p.rec = typed(b.schema.contact, p.Fields)
		}
		f.Contact = p.rec
	case !errors.Is(err, store.ErrNotFound):
		b.broken = errors.Join(b.broken, err)
	}
	return f
}

func (b *batch) objects(s *sheet, kind string) ([]rules.Record, error) {
	if rs, ok := s.objects[kind]; ok {
		return rs, nil
	}
	stored, err := b.tx.Objects(s.acct.ID, kind)
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", kind, err)
	}
	types := b.schema.object(kind)
	rs := make([]rules.Record, len(stored))
	for i, o := range stored {
		key := [2]string{kind, o.Key}
		rec := s.typed[key]
		if rec == nil {
			rec = typed(types, o.Fields)
			if s.typed == nil {
				s.typed = map[[2]string]rules.Record{}
			}
			s.typed[key] = rec
		}
		rs[i] = rec
	}
	if s.objects == nil {
		s.objects = map[string][]rules.Record{}
	}
	s.objects[kind] = rs
	return rs, nil
}

func (b *batch) days(s *sheet, metric string) ([]rules.Day, error) {
	if ds, ok := s.series[metric]; ok {
		return ds, nil
	}
	stored, err := b.bucketsOf(s.acct.ID, metric)
	if err != nil {
		return nil, fmt.Errorf("read metric %s: %w", metric, err)
	}
	ds := make([]rules.Day, 0, len(stored)+1)
	for _, k := range stored {
		ds = append(ds, rules.Day{Day: parseDay(k.Day), Count: k.Count, Sum: k.Sum})
	}
	today := b.now.Format(time.DateOnly)
	for _, k := range s.bucketOrder {
		if k.metric == metric && k.day <= today {
			c := s.buckets[k]
			ds = addDay(ds, rules.Day{Day: parseDay(k.day), Count: c.Count, Sum: c.Sum})
		}
	}
	if s.series == nil {
		s.series = map[string][]rules.Day{}
	}
	s.series[metric] = ds
	return ds, nil
}

// seen are the days that expressions can look back on now: what was read
// earlier may have come to lie behind the horizon.
func (b *batch) seen(ds []rules.Day) []rules.Day {
	from := b.now.Truncate(24*time.Hour).AddDate(0, 0, -horizon)
	for len(ds) > 0 && ds[0].Day.Before(from) {
		ds = ds[1:]
	}
	if b.until != nil && len(ds) > 0 {
		if leaves := ds[0].Day.AddDate(0, 0, horizon+1); leaves.Before(*b.until) {
			*b.until = leaves
		}
	}
	return ds
}

// addDay adds d to the ascending days ds.
func addDay(ds []rules.Day, d rules.Day) []rules.Day {
	i := len(ds)
	for i > 0 && ds[i-1].Day.After(d.Day) {
		i--
	}
	if i > 0 && ds[i-1].Day.Equal(d.Day) {
		ds[i-1].Count += d.Count
		ds[i-1].Sum += d.Sum
		return ds
	}
	ds = append(ds, rules.Day{})
	copy(ds[i+1:], ds[i:])
	ds[i] = d
	return ds
}
