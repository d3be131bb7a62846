package postgres

import (
	"errors"

	"github.com/jackc/pgx/v5/pgtype"

	"holdfast/internal/store"
)

var (
	bucketRows = addsUp(rows("add to bucket", "buckets", "account text, metric text, day text, count bigint, sum float8, min float8, max float8",
		`(account, metric, day) DO UPDATE SET count = buckets.count + excluded.count, sum = buckets.sum + excluded.sum,
	min = least(buckets.min, excluded.min), max = greatest(buckets.max, excluded.max)`))
	// bucketPlaces are rows whose place in the table is known, which spares the database
	// to look for them: half of what it costs to add to one.
	bucketPlaces = &form{
		what: "add to bucket", table: "buckets", types: []string{"tid", "bigint", "float8"}, all: true,
		query: `UPDATE buckets SET count = buckets.count + w.count, sum = buckets.sum + w.sum, min = least(min, w.sum), max = greatest(max, w.sum)
		FROM unnest($1::tid[], $2::bigint[], $3::float8[]) AS w (place, count, sum) WHERE ctid = w.place`,
	}
)

func addsUp(f *form) *form {
	f.key = 3
	f.merge = func(row, later []any) {
		row[3] = of[int64](row[3]) + of[int64](later[3])
		row[4] = of[float64](row[4]) + of[float64](later[4])
		row[5], row[6] = min(of[float64](row[5]), of[float64](later[5])), max(of[float64](row[6]), of[float64](later[6]))
	}
	return f
}

// errGone is that a row is not where it was read: what this transaction has read is no
// longer so, and it is run again and asks.
var errGone = errors.New("a row is not where it was")

type bucketKey struct{ account, metric, day string }

// place remembers where a bucket is, until it is written: a row that changes moves.
func (t *tx) place(account, metric, day string, at pgtype.TID) {
	if t.read || t.asks {
		return
	}
	if t.places == nil {
		t.places = map[bucketKey]pgtype.TID{}
	}
	t.places[bucketKey{account, metric, day}] = at
}

func (t *tx) AddToBucket(account, metric, day string, count int64, sum float64) error {
	key := bucketKey{account, metric, day}
	if at, known := t.places[key]; known {
		delete(t.places, key)
		return t.add(bucketPlaces, at, count, sum)
	}
	return t.add(bucketRows, account, metric, day, count, sum, sum, sum)
}

func scanBucket(row scanner) (store.Bucket, error) {
	var b store.Bucket
	return b, row.Scan(&b.Day, &b.Count, &b.Sum, &b.Min, &b.Max)
}

func (t *tx) Buckets(account, metric, from, to string) ([]store.Bucket, error) {
	return all(t, "list buckets", scanBucket, `SELECT day, count, sum, min, max FROM buckets
		WHERE account = $1 AND metric = $2 AND day >= $3 AND day <= $4 ORDER BY day`, account, metric, from, to)
}

func (t *tx) AllBuckets(account, from string) (map[string][]store.Bucket, error) {
	by := map[string][]store.Bucket{}
	err := each(t, "list buckets", `SELECT metric, day, count, sum, min, max FROM buckets
		WHERE account = $1 AND day >= $2 ORDER BY metric, day`, []any{account, from}, func(row scanner) error {
		var metric string
		var b store.Bucket
		err := row.Scan(&metric, &b.Day, &b.Count, &b.Sum, &b.Min, &b.Max)
		by[metric] = append(by[metric], b)
		return err
	})
	if err != nil {
		return nil, err
	}
	return by, nil
}
