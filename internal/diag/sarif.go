package diag

import (
	"cmp"
	"encoding/json"
	"io"
	"net/url"
	"path/filepath"
	"slices"
)

// The parts of SARIF 2.1.0 (OASIS) that code scanning reads.
type sarif struct {
	Schema  string     `json:"$schema"`
	Version string     `json:"version"`
	Runs    []sarifRun `json:"runs"`
}

type sarifRun struct {
	Tool struct {
		Driver sarifDriver `json:"driver"`
	} `json:"tool"`
	ColumnKind string        `json:"columnKind"`
	Results    []sarifResult `json:"results"`
}

type sarifDriver struct {
	Name    string      `json:"name"`
	Version string      `json:"version,omitempty"`
	Rules   []sarifRule `json:"rules"`
}

type sarifRule struct {
	ID                   string    `json:"id"`
	ShortDescription     sarifText `json:"shortDescription"`
	FullDescription      sarifText `json:"fullDescription"`
	Help                 sarifText `json:"help"`
	DefaultConfiguration struct {
		Level string `json:"level"`
	} `json:"defaultConfiguration"`
}

type sarifText struct {
	Text string `json:"text"`
}

type sarifResult struct {
	RuleID    string          `json:"ruleId"`
	RuleIndex int             `json:"ruleIndex"`
	Level     string          `json:"level"`
	Message   sarifText       `json:"message"`
	Locations []sarifLocation `json:"locations"`
}

type sarifLocation struct {
	PhysicalLocation struct {
		ArtifactLocation struct {
			URI string `json:"uri"`
		} `json:"artifactLocation"`
		Region struct {
			StartLine   int `json:"startLine"`
			StartColumn int `json:"startColumn"`
			EndColumn   int `json:"endColumn"`
		} `json:"region"`
	} `json:"physicalLocation"`
}

// SARIF writes ds as one SARIF 2.1.0 run of tool version, with checks, sorted by
// name, as its rules; each finding's check must be one of them. Columns count
// code points from 1, the end is exclusive, as SARIF has it.
func SARIF(w io.Writer, ds []Diagnostic, checks []Check, version string) error {
	run := sarifRun{ColumnKind: "unicodeCodePoints", Results: []sarifResult{}}
	run.Tool.Driver = sarifDriver{Name: "holdfast", Version: version, Rules: []sarifRule{}}
	for _, c := range checks {
		r := sarifRule{ID: c.Name, ShortDescription: sarifText{c.Summary}, FullDescription: sarifText{c.Summary + " " + c.Why}, Help: sarifText{c.Why}}
		r.DefaultConfiguration.Level = c.Severity.String()
		run.Tool.Driver.Rules = append(run.Tool.Driver.Rules, r)
	}
	for _, d := range ds {
		i, _ := slices.BinarySearchFunc(checks, d.Check, func(c Check, name string) int { return cmp.Compare(c.Name, name) })
		r := sarifResult{RuleID: d.Check, RuleIndex: i, Level: d.Severity.String(), Message: sarifText{d.Message}, Locations: make([]sarifLocation, 1)}
		if d.Hint != "" {
			r.Message.Text += " (" + d.Hint + ")"
		}
		at := &r.Locations[0].PhysicalLocation
		at.ArtifactLocation.URI = (&url.URL{Path: filepath.ToSlash(d.File)}).String()
		at.Region.StartLine, at.Region.StartColumn, at.Region.EndColumn = max(d.Line, 1), max(d.Col, 1), max(d.End, d.Col+1, 2)
		run.Results = append(run.Results, r)
	}
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	return enc.Encode(sarif{
		Schema: "https://json.schemastore.org/sarif-2.1.0.json", Version: "2.1.0", Runs: []sarifRun{run},
	})
}
