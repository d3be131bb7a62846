package project

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"path"
	"slices"
	"strings"

	"holdfast"
	"holdfast/internal/diag"
	"holdfast/playbooks"
	library "holdfast/playbooks/library"
	rulelib "holdfast/rules/library"
)

// shippedFiles are where the library's documents are read from: those of this
// binary, or those that a snapshot was taken with.
type shippedFiles struct{ playbooks, rules fs.FS }

func theLibrary() shippedFiles { return shippedFiles{library.Files, rulelib.Files} }

// libraryDir is where a snapshot keeps the library's files.
const libraryDir = "library"

// kept is the name under which a snapshot keeps a file.
func (ld *loader) kept(fsys fs.FS, name string) string {
	switch fsys {
	case ld.lib.rules:
		return path.Join(libraryDir, "rules", name)
	case ld.lib.playbooks:
		return path.Join(libraryDir, name)
	}
	return name
}

// Restore reads a project again from the Files of one, its library included: it
// comes out the same under any binary that reads these files. dir is the name
// under which its places are shown.
func Restore(dir string, files map[string]string) (*Project, []diag.Diagnostic) {
	own, lib := &rooted{playbooks.Bundle{Files: files}.FS()}, shippedFiles{}
	var err, err2 error
	lib.playbooks, err = fs.Sub(own, libraryDir)
	lib.rules, err2 = fs.Sub(own, path.Join(libraryDir, "rules"))
	if err != nil || err2 != nil {
		lib = theLibrary() // both are valid paths
	}
	return read(dir, own, lib, "")
}

// rooted gives files an identity: the loader tells its sources apart.
type rooted struct{ fs.FS }

// trim leaves out the library's templates that no playbook uses, so that a
// project stays the same when the library grows.
func (p *Project) trim() {
	for name := range p.Files {
		file, ok := strings.CutPrefix(name, libraryDir+"/")
		if !ok || !strings.HasPrefix(file, "templates/") {
			continue
		}
		used := slices.ContainsFunc(p.Playbooks, func(b *playbooks.Playbook) bool { return b.Bundle.Files[file] != "" })
		if !used {
			delete(p.Files, name)
		}
	}
}

// maxSnapshot is the most that a snapshot unpacks to.
const maxSnapshot = 64 << 20

// Digest tells one set of Files from another.
func Digest(files map[string]string) string {
	sum := sha256.Sum256(encoded(files))
	return hex.EncodeToString(sum[:])
}

// encoded is files as JSON, keys in order.
func encoded(files map[string]string) []byte {
	text, err := json.Marshal(files)
	if err != nil {
		panic(err) //nolint:forbidigo // a map of strings always encodes
	}
	return text
}

// Pack is files, compressed; Unpack reads it back. The error is that they are too
// many bytes to keep.
func Pack(files map[string]string) ([]byte, error) {
	text := encoded(files)
	if len(text) > maxSnapshot {
		return nil, holdfast.Errorf(holdfast.Invalid, "the project has %d bytes; a release holds %d at most", len(text), maxSnapshot)
	}
	var out bytes.Buffer
	zw := gzip.NewWriter(&out)
	_, err := zw.Write(text)
	if err == nil {
		err = zw.Close()
	}
	if err != nil {
		return nil, fmt.Errorf("pack the project: %w", err)
	}
	return out.Bytes(), nil
}

// Unpack reads what Pack wrote.
func Unpack(p []byte) (map[string]string, error) {
	zr, err := gzip.NewReader(bytes.NewReader(p))
	if err != nil {
		return nil, fmt.Errorf("unpack a release: %w", err)
	}
	text, err := io.ReadAll(io.LimitReader(zr, maxSnapshot+1))
	if err != nil {
		return nil, fmt.Errorf("unpack a release: %w", err)
	}
	if len(text) > maxSnapshot {
		return nil, holdfast.Errorf(holdfast.Invalid, "the release unpacks to more than %d bytes", maxSnapshot)
	}
	files := map[string]string{}
	if err := json.Unmarshal(text, &files); err != nil {
		return nil, fmt.Errorf("unpack a release: %w", err)
	}
	return files, nil
}
