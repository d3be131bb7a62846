package activities

import (
	"holdfast/channels"
	"holdfast/internal/store"
)

// RedrawKind is the kind of dues that ask for a task's card to be shown anew.
const RedrawKind = "card"

// redraw asks, in the transaction that changes task k, for its card to be shown
// as it is now. It is free where cards cannot change once they were handed out.
func (a *Activities) redraw(tx store.Tx, k store.Task) error {
	if _, can := a.Channels["slack"].(channels.Redrawer); !can && !a.Redraws {
		return nil
	}
	return tx.PutDue(store.Due{Key: RedrawKind + "/" + k.ID, Kind: RedrawKind, At: a.Clock.Now(), Account: k.Account, Data: []byte(`{"task":"` + k.ID + `"}`)})
}
