package intake

import (
	"encoding/json"
	"time"

	"holdfast/internal/store"
)

// AlarmKind is the kind of dues that tell the people who look after the playbooks
// that one was paused.
const AlarmKind = "alarm"

// Alarm is such a message: plain text. Account is the one at which it was noticed.
type Alarm struct {
	Key      string    `json:"key"` // one task for each key and moment
	Playbook string    `json:"playbook"`
	Account  string    `json:"-"`
	At       time.Time `json:"at"`
	Title    string    `json:"title"`
	Brief    string    `json:"brief"`
}

// PutAlarm leaves an alarm in the transaction that pauses something.
func PutAlarm(tx store.Playbooks, a Alarm) error {
	data, err := json.Marshal(a)
	if err != nil {
		return err
	}
	return tx.PutDue(store.Due{Key: AlarmKind + "/" + a.Key, Kind: AlarmKind, At: a.At, Account: a.Account, Data: data})
}
