package intake

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"holdfast"
	"holdfast/rules"
)

// table reads CSV rows as group, identify or track messages. Quoted cells may
// hold line breaks; a quote that is odd spoils its own line only.
type table struct {
	in     *lines
	more   []handed // the lines of the last record but its first
	opt    FileOptions
	header []string
	comma  rune
	types  map[string]rules.Type
	events map[string]map[string]rules.Type
}

// columns that name things instead of being a field, by --as.
var reserved = map[string]map[string][]string{
	"accounts": {"account": {"account", "account_id", "id"}, "at": {"at", "timestamp"}, "message": {"message_id"}},
	"contacts": {"contact": {"contact", "contact_id", "id"}, "account": {"account", "account_id"}, "at": {"at", "timestamp"}, "message": {"message_id"}},
	"events":   {"event": {"event"}, "account": {"account", "account_id"}, "contact": {"contact", "contact_id"}, "at": {"at", "timestamp"}, "message": {"message_id"}},
}

var required = map[string][]string{"accounts": {"account"}, "contacts": {"contact"}, "events": {"event", "account"}}

func newTable(in *lines, opt FileOptions) (*table, error) {
	t := &table{in: in, opt: opt, comma: ',', types: map[string]rules.Type{}, events: map[string]map[string]rules.Type{}}
	names, ok := reserved[opt.As]
	if !ok {
		return nil, holdfast.Errorf(holdfast.Invalid, "%s is a table: say what its rows are with --as accounts, contacts or events", opt.Name)
	}
	raw, line, err := t.record()
	if err != nil {
		return nil, fmt.Errorf("read the header of %s: %w", opt.Name, err)
	}
	if bytes.Count(raw, []byte(";")) > bytes.Count(raw, []byte(",")) {
		t.comma = ';'
	}
	if t.header, err = t.cells(raw, line); err != nil {
		return nil, fmt.Errorf("read the header of %s: %w", opt.Name, err)
	}
	for i, h := range t.header {
		t.header[i] = strings.TrimSpace(h)
	}
	if i := firstDouble(t.header); i >= 0 {
		return nil, holdfast.Errorf(holdfast.Invalid, "%s: the column %q is there twice", opt.Name, clip(t.header[i]))
	}
	for _, key := range required[opt.As] {
		if t.column(names[key]) < 0 {
			return nil, holdfast.Errorf(holdfast.Invalid, "%s has no column %s", opt.Name, strings.Join(names[key], " or "))
		}
	}
	if opt.Rules != nil {
		switch opt.As {
		case "accounts":
			t.types = typesOf(opt.Rules.AccountFields())
		case "contacts":
			t.types = typesOf(opt.Rules.ContactFields())
		}
	}
	return t, nil
}

// row is the next message and the line its record begins at. io.EOF ends; any
// other error spoils this row only.
func (t *table) row() (m holdfast.Message, line int, err error) {
	raw, line, err := t.record()
	if err != nil {
		return m, line, err
	}
	cells, err := t.cells(raw, line)
	if err == nil && len(cells) != len(t.header) {
		err = fmt.Errorf("%d cells: expected %d as in the header", len(cells), len(t.header))
	}
	if err != nil {
		return m, line, t.spanned(line, err)
	}
	m = holdfast.Message{Kind: map[string]string{"accounts": holdfast.Group, "contacts": holdfast.Identify, "events": holdfast.Track}[t.opt.As], At: t.opt.At, Props: map[string]any{}}
	names := reserved[t.opt.As]
	special := map[int]bool{}
	take := func(key string) string {
		i := t.column(names[key])
		if i < 0 {
			return ""
		}
		special[i] = true
		return strings.TrimSpace(cells[i])
	}
	m.ID, m.Account, m.Contact, m.Event = take("message"), take("account"), take("contact"), take("event")
	if at := take("at"); at != "" {
		if m.At, err = ParseTime(at); err != nil {
			return m, line, t.spanned(line, fmt.Errorf("time %w", err))
		}
	}
	types := t.typesFor(m.Event)
	for i, c := range cells {
		if special[i] || c == "" || t.header[i] == "" {
			continue
		}
		m.Props[t.header[i]] = cell(types[t.header[i]], c)
	}
	if m.ID == "" {
		m.ID = ContentID([]byte(t.opt.As), []byte(strings.Join(t.header, "\x1e")), raw, []byte(m.At.Format("2006-01-02T15:04:05.000000")))
	}
	return m, line, nil
}

// record is the next logical line: physical lines joined while a quote is open.
func (t *table) record() (raw []byte, line int, err error) {
	for len(bytes.TrimSpace(raw)) == 0 {
		raw, err = t.in.next()
		line, t.more = t.in.n, nil
		if err != nil {
			return nil, line, err
		}
	}
	raw = slices.Clip(raw)
	for open := odd(raw); open; {
		next, err := t.in.next()
		long := errors.Is(err, errLong)
		if err != nil && !long && !errors.Is(err, io.EOF) {
			return nil, line, err
		}
		if err == nil || long {
			t.more = append(t.more, handed{next, long})
		}
		if err != nil || len(raw)+len(next) > maxLine {
			t.handBack()
			return nil, line, errors.New("a quote opens and never closes")
		}
		raw = append(append(raw, '\n'), next...)
		open = !odd(next)
	}
	return raw, line, nil
}

// odd reports whether a quote that opens on a line is still open at its end, or the
// other way round.
func odd(line []byte) bool { return bytes.Count(line, []byte(`"`))%2 == 1 }

// handBack has all lines of the last record but its first read again, each as the
// beginning of a record: the quote that joined them was none.
func (t *table) handBack() {
	t.in.unread(t.more)
	t.more = nil
}

// spanned names the lines of a record that err spoils, where they are several.
func (t *table) spanned(line int, err error) error {
	if len(t.more) == 0 {
		return err
	}
	return fmt.Errorf("lines %d to %d are one row, as a quote is open between them: %w", line, line+len(t.more), err)
}

// cells of a record. Of one that is no CSV all lines but the first are handed back.
func (t *table) cells(raw []byte, line int) ([]string, error) {
	r := csv.NewReader(bytes.NewReader(raw))
	r.Comma = t.comma
	r.FieldsPerRecord = -1
	cells, err := r.Read()
	if pe := (*csv.ParseError)(nil); errors.As(err, &pe) {
		t.handBack()
		place := fmt.Sprintf("column %d", pe.Column)
		if pe.Line > 1 {
			place = fmt.Sprintf("line %d, column %d", line+pe.Line-1, pe.Column)
		}
		why := "a quote opens a cell and does not close at its end"
		if errors.Is(pe.Err, csv.ErrBareQuote) {
			why = "a quote within a cell"
		}
		return nil, fmt.Errorf("%s: %s: write it twice, and the whole cell in quotes", place, why)
	}
	if err != nil {
		return nil, err
	}
	return cells, notUTF8(raw, line)
}

func (t *table) column(names []string) int {
	for _, n := range names {
		if i := slices.Index(t.header, n); i >= 0 {
			return i
		}
	}
	return -1
}

func (t *table) typesFor(event string) map[string]rules.Type {
	if t.opt.As != "events" || t.opt.Rules == nil {
		return t.types
	}
	types, ok := t.events[event]
	if !ok {
		fields, _ := t.opt.Rules.EventFields(event)
		types = typesOf(fields)
		t.events[event] = types
	}
	return types
}

func typesOf(fields []rules.Field) map[string]rules.Type {
	types := make(map[string]rules.Type, len(fields))
	for _, f := range fields {
		types[f.Name] = f.Type
	}
	return types
}

// cell gives text the JSON shape that its field's type has. What does not fit
// stays text, so that the rules say what they found and expected.
func cell(t rules.Type, s string) any {
	switch t {
	case rules.Bool:
		switch strings.ToLower(strings.TrimSpace(s)) {
		case "true", "yes", "y", "1":
			return true
		case "false", "no", "n", "0":
			return false
		}
	case rules.Int, rules.Double, rules.Money, rules.Percent:
		n := strings.TrimSuffix(strings.TrimSpace(s), "%")
		if _, err := strconv.ParseFloat(n, 64); err == nil && json.Valid([]byte(n)) {
			return json.Number(n)
		}
	case rules.Strings:
		parts := []any{}
		for p := range strings.SplitSeq(s, ";") {
			if p = strings.TrimSpace(p); p != "" {
				parts = append(parts, p)
			}
		}
		return parts
	case rules.Any, rules.String, rules.Date, rules.Timestamp, rules.Duration:
	}
	return s
}

func firstDouble(names []string) int {
	for i, n := range names {
		if n != "" && slices.Index(names, n) < i {
			return i
		}
	}
	return -1
}
