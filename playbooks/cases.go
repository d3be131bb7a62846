package playbooks

import (
	"embed"
	"io/fs"
	"path"
	"slices"
	"strings"
)

// cases are a bad and a good case of each check: directories of
// testdata/checks that are projects. What is bad stands in files called bad, or
// below a directory called bad; a comment says where: # want 7:12.
//
//go:embed all:testdata/checks
var cases embed.FS

// CaseFile is one file of a check's case.
type CaseFile struct{ Name, Text string }

// Case is the "bad" or the "good" files of a check, by name; none when it has none.
func Case(check, which string) []CaseFile {
	var out []CaseFile
	root := path.Join("testdata/checks", check)
	_ = fs.WalkDir(cases, root, func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return nil //nolint:nilerr // what is not there has no files
		}
		rel := strings.TrimPrefix(name, root+"/")
		if !slices.Contains(strings.FieldsFunc(rel, func(r rune) bool { return r == '/' || r == '.' }), which) {
			return nil
		}
		text, err := cases.ReadFile(name)
		if err == nil {
			out = append(out, CaseFile{rel, string(text)})
		}
		return nil
	})
	return out
}
