package clock

import (
	"context"
	"time"
)

// Sleep waits d of real time, also beside a Virtual clock. It returns early with
// ctx's error, and at once when d is not positive.
func Sleep(ctx context.Context, d time.Duration) error {
	_, err := Wait(ctx, d, nil)
	return err
}

// Wait is Sleep that also ends when wake is ready, and says so. A wake that is
// ready already wins over a d that is not positive.
func Wait(ctx context.Context, d time.Duration, wake <-chan struct{}) (woken bool, err error) {
	if err := ctx.Err(); err != nil {
		return false, err
	}
	select {
	case <-wake:
		return true, nil
	default:
	}
	if d <= 0 {
		return false, nil
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return false, nil
	case <-wake:
		return true, nil
	case <-ctx.Done():
		return false, ctx.Err()
	}
}

// Await waits for done, d at most, where nothing else could end it, as in a Stop. ok
// is that it came.
func Await(d time.Duration, done <-chan struct{}) (ok bool) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-done:
		return true
	case <-t.C:
		return false
	}
}
