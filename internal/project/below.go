package project

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// Below is path itself when it is a file, or lies in a project; otherwise the
// directories of all projects below it, sorted, at most six deep. Directories
// whose names begin with a dot are left out.
func Below(path string) []string {
	info, err := os.Stat(path)
	if err != nil || !info.IsDir() {
		return []string{path}
	}
	if _, err := os.Stat(filepath.Join(path, settingsFile)); err == nil {
		return []string{path}
	}
	const deepest = 6
	var found []string
	err = filepath.WalkDir(path, func(name string, d fs.DirEntry, err error) error {
		switch {
		case errors.Is(err, fs.ErrPermission):
			return fs.SkipDir
		case err != nil:
			return err
		case !d.IsDir():
			if d.Name() == settingsFile {
				found = append(found, filepath.Dir(name))
			}
			return nil
		}
		rel, err := filepath.Rel(path, name)
		if err != nil || name != path && strings.HasPrefix(d.Name(), ".") || strings.Count(rel, string(filepath.Separator)) >= deepest {
			return fs.SkipDir
		}
		return nil
	})
	if err != nil || len(found) == 0 {
		return []string{path}
	}
	slices.Sort(found)
	return found
}
