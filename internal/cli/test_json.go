package cli

import (
	"encoding/json"
	"time"

	"holdfast/internal/diag"
	"holdfast/internal/playtest"
)

// The lines of --json. Names are for ever.
type (
	testEntry struct {
		Kind     string     `json:"kind"` // test
		Name     string     `json:"name"`
		File     string     `json:"file"`
		Line     int        `json:"line"`
		Playbook string     `json:"playbook"`
		OK       bool       `json:"ok"`
		Error    string     `json:"error,omitempty"` // it could not be played
		Seconds  float64    `json:"seconds"`
		Wrong    []wrongRow `json:"wrong"`
		Happened []happened `json:"happened"`
	}
	wrongRow struct {
		Line     int      `json:"line,omitempty"` // of the entry in the file; 0 when nothing was expected
		Expected string   `json:"expected,omitempty"`
		Happened string   `json:"happened,omitempty"`
		Why      []string `json:"why,omitempty"`
	}
	happened struct {
		At      time.Time `json:"at"`
		Kind    string    `json:"kind"`
		Name    string    `json:"name"`
		Path    string    `json:"path,omitempty"`
		To      string    `json:"to,omitempty"`
		Channel string    `json:"channel,omitempty"`
		Subject string    `json:"subject,omitempty"`
		Result  string    `json:"result,omitempty"`
		Reason  string    `json:"reason,omitempty"`
	}
	coverEntry struct {
		Kind     string      `json:"kind"` // cover
		Playbook string      `json:"playbook"`
		Steps    int         `json:"steps"`
		StepsRun int         `json:"steps_run"`
		Arms     int         `json:"arms"`
		ArmsRun  int         `json:"arms_run"`
		Never    []coverMiss `json:"never"`
	}
	coverMiss struct {
		File string `json:"file"`
		Line int    `json:"line"`
		Step string `json:"step"`
		Arm  string `json:"arm,omitempty"`
	}
	findingEntry struct {
		Kind    string `json:"kind"` // finding
		File    string `json:"file"`
		Line    int    `json:"line"`
		Column  int    `json:"column"`
		Check   string `json:"check"`
		Message string `json:"message"`
		Hint    string `json:"hint,omitempty"`
	}
	testSum struct {
		Kind    string  `json:"kind"` // summary
		Tests   int     `json:"tests"`
		Failed  int     `json:"failed"`
		Seconds float64 `json:"seconds"`
	}
)

func printTestJSON(s Streams, v any) error {
	out := json.NewEncoder(s.Out)
	out.SetEscapeHTML(false)
	return out.Encode(v)
}

func testFinding(d diag.Diagnostic) findingEntry {
	return findingEntry{Kind: "finding", File: d.File, Line: d.Line, Column: d.Col, Check: d.Check, Message: d.Message, Hint: d.Hint}
}

func testLine(r playtest.Result) testEntry {
	at := r.Test.At
	e := testEntry{
		Kind: "test", Name: r.Test.Name, File: at.File, Line: at.Line, Playbook: r.Test.Case.Playbook.Name,
		OK: r.OK(), Seconds: r.Took.Seconds(), Wrong: []wrongRow{}, Happened: []happened{},
	}
	if r.Err != nil {
		e.Error = r.Err.Error()
	}
	for _, row := range r.Rows {
		if !row.Bad() {
			continue
		}
		w := wrongRow{Why: row.Wrong}
		if row.Want != nil {
			w.Line, w.Expected = row.Want.At.Line, row.Want.String()
		}
		if row.Got != nil {
			w.Happened = row.Got.String()
		}
		e.Wrong = append(e.Wrong, w)
	}
	for _, f := range r.Fields {
		e.Wrong = append(e.Wrong, wrongRow{Line: f.At.Line, Expected: "account." + f.Name + " " + f.Want, Happened: f.Got})
	}
	for _, h := range r.Happened {
		e.Happened = append(e.Happened, happened{
			At: h.At, Kind: h.Head, Name: h.Name, Path: h.Path, To: h.To, Channel: h.Channel, Subject: h.Subject, Result: h.Result, Reason: h.Reason,
		})
	}
	return e
}

func coverLine(c playtest.Coverage) coverEntry {
	e := coverEntry{
		Kind: "cover", Playbook: c.Playbook, Steps: c.Steps, StepsRun: c.StepsRun(), Arms: c.Arms, ArmsRun: c.ArmsRun(), Never: []coverMiss{},
	}
	for _, n := range c.Never {
		e.Never = append(e.Never, coverMiss{File: n.At.File, Line: n.At.Line, Step: n.Step, Arm: n.Arm})
	}
	return e
}
