package store

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Erasure is the removal of one person. ID is what stands for them ever after,
// in every row that named them. Contact and Work name the person, and are empty
// once it is done.
type Erasure struct {
	ID      string
	Contact string
	Account string
	Reason  string
	By      string
	BegunAt time.Time
	DoneAt  time.Time // zero while it is under way
	Work    []byte    // JSON: how far it is, and what is looked for
	Found   []byte    // JSON: how many rows were changed, by table
}

// TextTable says where people may be named: a table, the columns that order it,
// and its columns of text. The rows about an account are those that Of selects.
type TextTable struct {
	Name    string
	Key     []KeyColumn
	Columns []string
	Of      string // a condition with one place, %s, for the account
	Apart   bool   // its rows are of no account: they are found with the account ""
}

// KeyColumn is one of the columns that name a row.
type KeyColumn struct {
	Name   string
	Number bool
}

// Texts are the rows that may name a person, besides suppressions: in the order in
// which they are rid of one.
var Texts = []TextTable{
	{Name: "enrollments", Key: word("id"), Columns: []string{"contact", "occurrence", "entry_key", "doing", "state"}, Of: "account = %s"},
	{Name: "tasks", Key: word("id"), Columns: []string{"enrollment", "contact", "channel", "status", "title", "brief", "reason", "answers", "snooze_reason"}, Of: "account = %s"},
	{Name: "touches", Key: word("id"), Columns: []string{"contact", "recipient", "state", "reason"}, Of: "account = %s"},
	{Name: "messages", Key: bySeq, Columns: []string{"touch", "body"}, Of: "account = %s"},
	{Name: "sightings", Key: word("key"), Columns: []string{"touch", "detail"}, Of: "touch IN (SELECT id FROM touches WHERE account = %s)"},
	{Name: "signals", Key: []KeyColumn{{"enrollment", false}, {"seq", true}}, Columns: []string{"reason", "data"}, Of: "enrollment IN (SELECT id FROM enrollments WHERE account = %s)"},
	{Name: "dues", Key: word("key"), Columns: []string{"kind", "data"}, Of: "account = %s"},
	{Name: "approvals", Key: word("id"), Columns: []string{"title", "in_exchange", "note"}, Of: "account = %s"},
	{Name: "holds", Key: word("id"), Columns: []string{"by_whom", "reason"}, Of: "account = %s"},
	{Name: "lines", Key: bySeq, Columns: []string{"key", "recipient", "outcome", "reason"}, Of: "account = %s"},
	{Name: "events", Key: bySeq, Columns: []string{"source", "id", "kind", "name", "contact", "props"}, Of: "account = %s"},
	{Name: "objects", Key: []KeyColumn{{"kind", false}, {"key", false}}, Columns: []string{"fields"}, Of: "account = %s"},
	{Name: "accounts", Key: word("id"), Columns: []string{"fields"}, Of: "id = %s"},
	{Name: "contacts", Key: word("id"), Columns: []string{"fields"}, Of: "account = %s"},
	{Name: "parked", Key: []KeyColumn{{"source", false}, {"id", false}}, Columns: []string{"id", "contact", "message"}, Of: apart, Apart: true},
	{Name: "aliases", Key: []KeyColumn{{"kind", false}, {"id", false}}, Columns: []string{"id", "became"}, Of: apart, Apart: true},
	{Name: "erasures", Key: word("id"), Columns: []string{"by_whom", "reason"}, Of: "account = %s"},
	{Name: "tokens", Key: word("id"), Columns: []string{"name", "created_by", "revoked_by"}, Of: apart, Apart: true},
	{Name: "audit", Key: bySeq, Columns: []string{"who", "subject", "details"}, Of: apart, Apart: true},
	{Name: "meta", Key: word("key"), Columns: []string{"value"}, Of: apart + " AND substr(key, 1, 7) = '" + StopAllKey + "'", Apart: true},
}

// apart is the condition of rows that are of no account.
const apart = "CAST(%s AS text) = ''"

// Nobody says of the tables with texts that are not among Texts why they name no
// customer. A new table belongs here or there: a test reads both databases.
var Nobody = map[string]string{
	"suppressions": "names people, and an erasure puts marks in their place itself",
	"buckets":      "numbers of an account",
	"rests":        "outcomes of playbooks",
	"versions":     "what authors wrote",
	"heads":        "names of playbooks",
	"truths":       "names of playbooks and triggers",
	"listeners":    "names of events",
	"relay":        "ids of enrollments, which are hashes",
	"leaving":      "ids of enrollments",
	"arms":         "names of holdouts",
	"releases":     "what authors wrote, and who applied it",
	"leases":       "ids of enrollments and processes",
}

func word(name string) []KeyColumn { return []KeyColumn{{name, false}} }

var bySeq = []KeyColumn{{"seq", true}}

// Text is one row of a TextTable: its columns by name, without those that are
// NULL. Columns that hold JSON hold it as the store writes it.
type Text struct {
	Key   string
	Words map[string]string
}

// TableOf is the table of Texts with a name.
func TableOf(name string) (TextTable, error) {
	for _, t := range Texts {
		if t.Name == name {
			return t, nil
		}
	}
	return TextTable{}, fmt.Errorf("%q holds no texts", name)
}

const keySep = "\x1f"

// KeyOf joins the values of the key columns.
func (t TextTable) KeyOf(values ...any) string {
	parts := make([]string, len(values))
	for i, v := range values {
		parts[i] = fmt.Sprint(v)
	}
	return strings.Join(parts, keySep)
}

// Values are those of a key, as KeyOf joined them: texts and int64.
func (t TextTable) Values(key string) ([]any, error) {
	parts := strings.SplitN(key, keySep, len(t.Key))
	if len(parts) != len(t.Key) {
		return nil, fmt.Errorf("%q is no key of %s", key, t.Name)
	}
	values := make([]any, len(parts))
	for i, p := range parts {
		values[i] = p
		if t.Key[i].Number {
			n, err := strconv.ParseInt(p, 10, 64)
			if err != nil {
				return nil, fmt.Errorf("%q is no key of %s: %w", key, t.Name, err)
			}
			values[i] = n
		}
	}
	return values, nil
}

// Personal finds people in what is kept, and takes them out of it.
type Personal interface {
	PutErasure(e Erasure) error // upsert by ID
	Erasure(id string) (Erasure, error)
	// Erasures by BegunAt, ID: all of them, or those under way.
	Erasures(open bool, limit int) ([]Erasure, error)

	// AccountsOf are the accounts whose contact somebody is or has been: by their
	// row, their events, and what was sent to them or done about them. By id. It
	// reads every event.
	AccountsOf(contact string) ([]string, error)
	DropContact(id string) error
	// TextsOf are rows of a table of Texts about an account, by key, after one.
	TextsOf(table, account, after string, limit int) ([]Text, error)
	// PutText writes the columns that x has; DropText removes a row. Both do
	// nothing when the row is gone.
	PutText(table string, x Text) error
	DropText(table, key string) error
}

// Compacter is a store whose files keep what was overwritten until it is told to
// let go.
type Compacter interface {
	// Compact gives back space, so that nothing that was removed can be read from
	// the files. Without whole it does so as far as it is quick.
	Compact(whole bool) error
}
