package memory

import (
	"cmp"

	"holdfast/internal/store"
)

func timelineTables(t *tables) {
	bySeq := func(a, b *store.Line) int { return cmp.Compare(a.Seq, b.Seq) }
	t.lines.key = func(l *store.Line) int64 { return l.Seq }
	t.linesBySeq = t.lines.indexed(nil, nil, bySeq)
	t.linesOf = t.lines.indexed(nil, func(l *store.Line) key { return key{l.Enrollment} }, bySeq)
	t.linesByKey = t.lines.indexed(func(l *store.Line) bool { return l.Key != "" }, func(l *store.Line) key { return key{l.Key} }, nil)
}

// AddLine without a Key always adds.
func (t *tx) AddLine(l store.Line) error {
	if err := t.writes("add line"); err != nil {
		return err
	}
	if l.Key != "" && t.linesByKey.unique(l.Key) != nil {
		return nil
	}
	before, err := t.LastLine()
	if err != nil {
		return err
	}
	l.Seq, l.At = before+1, moment(l.At)
	t.lines.put(t, l)
	return nil
}

func (t *tx) Lines(after int64, limit int) ([]store.Line, error) {
	return some(t, from(t.linesBySeq.of(), func(l *store.Line) bool { return l.Seq > after }), limit, nil, self)
}

func (t *tx) LinesOf(enrollment string) ([]store.Line, error) {
	return some(t, t.linesOf.of(enrollment), 0, nil, self)
}

func (t *tx) LastLine() (seq int64, err error) {
	if l := last(t.linesBySeq.of()); l != nil {
		seq = l.Seq
	}
	return seq, t.ready()
}

func (t *tx) CountLines() (map[string]map[string]int, error) {
	counts := map[string]map[string]int{}
	for _, l := range t.lines.rows {
		if l.Kind == "task" && l.Outcome != "opened" {
			continue
		}
		if counts[l.Playbook] == nil {
			counts[l.Playbook] = map[string]int{}
		}
		counts[l.Playbook][l.Kind]++
	}
	return counts, t.ready()
}
