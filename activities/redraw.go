package activities

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"holdfast"
	"holdfast/channels"
	"holdfast/internal/store"
)

// RedrawKind is the kind of dues that ask for a task's card to be shown anew.
const RedrawKind = "card"

// lateCardKind is that of dues that mark a card when its task falls due.
const lateCardKind = "late_card"

// redraw asks, in the transaction that changes task k, for its card to be shown
// as it is now. It is free where cards cannot change once they were handed out.
func (a *Activities) redraw(tx store.Tx, k store.Task) error {
	if _, can := a.Channels["slack"].(channels.Redrawer); !can && !a.Redraws {
		return nil
	}
	return tx.PutDue(redrawDue(redrawKey(k.ID), a.Clock.Now(), k, 0))
}

func redrawKey(task string) string { return RedrawKind + "/" + task }

func lateKey(task string) string { return lateCardKind + "/" + task }

// toRedraw is the data of a RedrawKind due.
type toRedraw struct {
	Task  string `json:"task"`
	Tries int    `json:"tries,omitempty"`
}

func redrawDue(key string, at time.Time, k store.Task, tries int) store.Due {
	data, _ := json.Marshal(toRedraw{k.ID, tries}) // a text and a number
	kind, _, _ := strings.Cut(key, "/")
	return store.Due{Key: key, Kind: kind, At: at, Account: k.Account, Data: data}
}

// RedrawTask asks for the cards of a task to be shown as it is now; the error is
// not_found when there is none.
func (a *Activities) RedrawTask(ctx context.Context, id string) error {
	err := a.Store.Update(ctx, func(tx store.Tx) error {
		k, err := tx.Task(id)
		if errors.Is(err, store.ErrNotFound) {
			return holdfast.Errorf(holdfast.NotFound, "there is no task %q", id)
		}
		if err != nil {
			return fmt.Errorf("read task %s: %w", id, err)
		}
		return a.redraw(tx, k)
	})
	if err == nil {
		a.Poke()
	}
	return err
}

// handed looks after a card that has just arrived: a task that changed while its
// card was under way is shown anew, and one that is not done is marked when it is late.
func (a *Activities) handed(tx store.Tx, row store.Touch) error {
	if _, can := a.Channels[row.Channel].(channels.Redrawer); !can {
		return nil
	}
	k, err := tx.Task(taskID(row.Enrollment, row.Path))
	if err != nil {
		return fmt.Errorf("read task: %w", err)
	}
	if k.Status != "open" {
		return a.redraw(tx, k)
	}
	return a.markLate(tx, k)
}

// markLate has the card of an open task shown anew when it falls due.
func (a *Activities) markLate(tx store.Tx, k store.Task) error {
	if k.Status != "open" || !k.Due().After(a.Clock.Now()) {
		return nil
	}
	return tx.PutDue(redrawDue(lateKey(k.ID), k.Due(), k, 0))
}
