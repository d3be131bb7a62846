package transfer

import (
	"context"

	"holdfast/internal/store"
)

// MoveUntil moves until n pages were told, and is cut off there.
func MoveUntil(ctx context.Context, from, to Database, o MoveOptions, n int) error {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	o.Told = func(string, int64, bool) {
		if n--; n <= 0 {
			stop()
		}
	}
	_, err := Move(ctx, from, to, o)
	return err
}

// Former are the engines that a store ran in.
func Former(tx store.Tx) (string, error) { return tx.MetaGet(metaFormer) }
