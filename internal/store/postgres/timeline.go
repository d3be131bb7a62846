package postgres

import (
	"holdfast/internal/store"
)

const lineColumns = `seq, key, at, account, playbook, enrollment, step, path, kind, channel, recipient, local, outcome,
	reason, touch`

func scanLine(row scanner) (store.Line, error) {
	var l store.Line
	var key *string
	err := row.Scan(&l.Seq, &key, at(&l.At), &l.Account, &l.Playbook, &l.Enrollment, &l.Step, &l.Path, &l.Kind,
		&l.Channel, &l.To, &l.Local, &l.Outcome, &l.Reason, &l.Touch)
	if key != nil {
		l.Key = *key
	}
	return l, err
}

var lineRows = rows("add line", "lines", `key text, at timestamptz, account text, playbook text, enrollment text, step text, path text, kind text, channel text,
	recipient text, local text, outcome text, reason text, touch text`, "DO NOTHING")

// AddLine without a Key always adds.
func (t *tx) AddLine(l store.Line) error {
	var key any
	if l.Key != "" {
		key = l.Key
	}
	return t.add(lineRows, key, when(l.At), l.Account, l.Playbook, l.Enrollment, l.Step, l.Path, l.Kind,
		l.Channel, l.To, l.Local, l.Outcome, l.Reason, l.Touch)
}

func (t *tx) Lines(after int64, limit int) ([]store.Line, error) {
	return all(t, "list lines", scanLine,
		"SELECT "+lineColumns+" FROM lines WHERE seq > $1 ORDER BY seq LIMIT $2", after, limited(limit))
}

func (t *tx) LinesOf(enrollment string) ([]store.Line, error) {
	return all(t, "list lines", scanLine,
		"SELECT "+lineColumns+" FROM lines WHERE enrollment = $1 ORDER BY seq", enrollment)
}

func (t *tx) CountLines() (map[string]map[string]int, error) {
	counts := map[string]map[string]int{}
	err := each(t, "count lines", "SELECT playbook, kind, count(*) FROM lines WHERE kind <> 'task' OR outcome = 'opened' GROUP BY playbook, kind", nil,
		func(row scanner) error {
			var playbook, kind string
			var n int
			err := row.Scan(&playbook, &kind, &n)
			if counts[playbook] == nil {
				counts[playbook] = map[string]int{}
			}
			counts[playbook][kind] = n
			return err
		})
	if err != nil {
		return nil, err
	}
	return counts, nil
}

func (t *tx) LastLine() (seq int64, err error) {
	return one(t, "read last line", value[int64], "SELECT coalesce(max(seq), 0) FROM lines")
}
