package playbooks

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"holdfast"
	"holdfast/internal/diag"
)

// Bundle is everything a version of a playbook reaches, as the author's text:
// its own document, templates and briefs in every locale, decisions, scores,
// segments and calendars. Schema, mappings and metrics are not in it: they are live.
type Bundle struct {
	Playbook string            `json:"playbook"` // its name
	File     string            `json:"-"`        // name of its file, for messages; no part of the version
	Docs     map[string]string `json:"docs"`     // "playbook", "score:health", "decision:x" -> YAML
	Files    map[string]string `json:"files"`    // "templates/win-back/opening.md" -> text
}

// playbookDoc is the name of a bundle's own document.
const playbookDoc = "playbook"

// maxBundle is the most that a bundle may hold, uncompressed.
const maxBundle = 16 << 20

// Digest is "sha256:" and the hex digest of the bundle's canonical JSON. It is
// of the text: a changed comment is a new version, a moved file is not.
func (b Bundle) Digest() string {
	sum := sha256.Sum256(b.canonical())
	return "sha256:" + hex.EncodeToString(sum[:])
}

// canonical JSON: keys in order, nothing escaped that need not be.
func (b Bundle) canonical() []byte {
	var out bytes.Buffer
	enc := json.NewEncoder(&out)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(b); err != nil {
		panic(err) //nolint:forbidigo // strings and maps of them always encode
	}
	return out.Bytes()
}

// packed is what Encode keeps besides the version itself.
type packed struct {
	Bundle
	File string `json:"file"`
}

// Encode is the bundle as JSON, compressed; DecodeBundle reads it back.
func (b Bundle) Encode() []byte {
	var out bytes.Buffer
	zw := gzip.NewWriter(&out)
	enc := json.NewEncoder(zw)
	enc.SetEscapeHTML(false)
	err := enc.Encode(packed{b, b.File})
	if err == nil {
		err = zw.Close()
	}
	if err != nil {
		panic(err) //nolint:forbidigo // a buffer takes all that is written to it
	}
	return out.Bytes()
}

// DecodeBundle reads what Encode wrote. Over 16 MiB, or anything else, is an error.
func DecodeBundle(p []byte) (Bundle, error) {
	zr, err := gzip.NewReader(bytes.NewReader(p))
	if err != nil {
		return Bundle{}, fmt.Errorf("read a bundle: %w", err)
	}
	text, err := io.ReadAll(io.LimitReader(zr, maxBundle+1))
	if err != nil {
		return Bundle{}, fmt.Errorf("read a bundle: %w", err)
	}
	if len(text) > maxBundle {
		return Bundle{}, holdfast.Errorf(holdfast.Invalid, "the bundle holds more than %d bytes", maxBundle)
	}
	var k packed
	if err := json.Unmarshal(text, &k); err != nil {
		return Bundle{}, fmt.Errorf("read a bundle: %w", err)
	}
	k.Bundle.File = k.File
	return k.Bundle, nil
}

// Short is a digest as people see it.
func Short(digest string) string {
	digest = strings.TrimPrefix(digest, "sha256:")
	return digest[:min(len(digest), 8)]
}

// broken is the first error among found as an error value, or nil.
func broken(b Bundle, found []diag.Diagnostic) error {
	i := slices.IndexFunc(found, func(d diag.Diagnostic) bool { return d.Severity == diag.Error })
	if i < 0 {
		return nil
	}
	e := holdfast.Errorf(holdfast.Invalid, "open playbook %s: %s", b.Playbook, found[i])
	e.Hint = found[i].Hint
	return e
}

func sortedKeys(m map[string]string) []string { return slices.Sorted(maps.Keys(m)) }
