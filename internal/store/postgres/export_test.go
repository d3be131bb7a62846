package postgres

import "time"

// SetPatience changes how long the database may be away.
func (s *Store) SetPatience(d time.Duration) { s.away.patience = d }
