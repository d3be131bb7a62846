package lsp

import (
	"io/fs"
	"slices"
	"strings"

	"holdfast/playbooks"
)

// overlay is a directory with the texts of open documents over its files. It is
// a pointer wherever it is an fs.FS, so that it can be compared.
type overlay struct {
	disk fs.FS // nil: there is nothing below
	open fs.FS
}

// newOverlay lays texts, by path in slashes, over disk.
func newOverlay(disk fs.FS, texts map[string]string) *overlay {
	return &overlay{disk, playbooks.Bundle{Files: texts}.FS()}
}

// Open prefers the open text. Of a directory, both are seen by ReadDir.
func (o *overlay) Open(name string) (fs.File, error) {
	f, err := o.open.Open(name)
	if o.disk == nil {
		return f, err
	}
	if err == nil {
		if info, serr := f.Stat(); serr == nil && !info.IsDir() {
			return f, nil
		}
		_ = f.Close() // a directory in memory
	}
	if d, derr := o.disk.Open(name); derr == nil {
		return d, nil
	} else if err != nil {
		return nil, derr
	}
	return o.open.Open(name)
}

// ReadDir is the union, by name.
func (o *overlay) ReadDir(name string) ([]fs.DirEntry, error) {
	entries, err := fs.ReadDir(o.open, name)
	if o.disk == nil {
		return entries, err
	}
	below, derr := fs.ReadDir(o.disk, name)
	if err != nil && derr != nil {
		return nil, derr
	}
	for _, e := range below {
		if !slices.ContainsFunc(entries, func(own fs.DirEntry) bool { return own.Name() == e.Name() }) {
			entries = append(entries, e)
		}
	}
	slices.SortFunc(entries, func(a, b fs.DirEntry) int { return strings.Compare(a.Name(), b.Name()) })
	return entries, nil
}
