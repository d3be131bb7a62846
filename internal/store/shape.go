package store

import "time"

// Shape is how far the tables of a database are, found out without changing any.
type Shape struct {
	Version int       // migrations that were run; 0: an empty database
	Known   int       // those that this binary has
	Now     time.Time // the database's own clock, as the answer left; zero for a file
}
