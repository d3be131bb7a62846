package store

import "time"

// What the house counts of itself is kept beside the accounts' metrics, in days
// (UTC), under the account of no name: no message can be about it.
const nobody = ""

// Tally adds n to what is counted under a name, on the day of a moment.
func Tally(tx Accounts, name string, at time.Time, n int64) error {
	return tx.AddToBucket(nobody, name, at.UTC().Format(time.DateOnly), n, 0)
}

// Tallied is what was counted under a name on the days from one moment's to
// another's, by day; days without any are left out.
func Tallied(tx Accounts, name string, from, to time.Time) ([]Bucket, error) {
	return tx.Buckets(nobody, name, from.UTC().Format(time.DateOnly), to.UTC().Format(time.DateOnly))
}
