package store

import "time"

// Release is a project as it was applied: immutable.
type Release struct {
	Number int64  // from 1, given by the store
	Digest string // of its files
	Files  []byte // packed; left out of listings
	By     string // who applied it
	Source string // what it was taken from, such as a commit; "" unknown
	Of     int64  // a rollback: the release whose files it has; else 0
	At     time.Time
}

// Releases remembers what was applied. The one in force is named by Meta
// "release"; whoever moves that compares it first, in the same transaction.
type Releases interface {
	AddRelease(r Release) (number int64, err error)
	Release(number int64) (Release, error)
	// Releases before a number (0: all), the newest first, without Files.
	Releases(before int64, limit int) ([]Release, error)
	// DropHead takes a playbook off the heads; its versions stay.
	DropHead(playbook string) error
}
