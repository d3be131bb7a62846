package diag

import (
	"encoding/json"
	"io"
)

// record is a finding as editors and CI read it. Names are for ever.
type record struct {
	File      string `json:"file"`
	Line      int    `json:"line"`
	Column    int    `json:"column"`
	EndColumn int    `json:"end_column"` // exclusive
	Severity  string `json:"severity"`
	Check     string `json:"check"`
	Message   string `json:"message"`
	Hint      string `json:"hint,omitempty"`
}

// JSON writes ds as one array, in their order; [] when there are none. Lines and
// columns count from 1, columns in runes.
func JSON(w io.Writer, ds []Diagnostic) error {
	records := make([]record, 0, len(ds))
	for _, d := range ds {
		records = append(records, record{
			File: d.File, Line: d.Line, Column: d.Col, EndColumn: max(d.End, d.Col+1),
			Severity: d.Severity.String(), Check: d.Check, Message: d.Message, Hint: d.Hint,
		})
	}
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	return enc.Encode(records)
}
