package transfer

import (
	"context"

	"holdfast/internal/store"
)

// StopAfter has the n-th page of a move, or its hand-over, fail as a killed process would.
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
