package cli

import (
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"holdfast"
)

//go:embed all:scaffold
var scaffold embed.FS

func initCommand(s Streams) *cobra.Command {
	return &cobra.Command{
		Use:     "init DIR",
		Short:   "Make a project that lints and runs: settings, a playbook, a template, two accounts",
		Example: "  holdfast init retention\n  holdfast lint retention",
		Args:    cobra.ExactArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			dir := args[0]
			files, err := fs.Sub(scaffold, "scaffold")
			if err != nil {
				return err
			}
			if err := mayWrite(dir, files); err != nil {
				return err
			}
			if err := os.MkdirAll(dir, 0o755); err != nil {
				return fmt.Errorf("make %s: %w", dir, err)
			}
			if err := os.CopyFS(dir, files); err != nil {
				return fmt.Errorf("write %s: %w", dir, err)
			}
			fmt.Fprintf(s.Out, "%s is ready. Next:\n  holdfast lint %s\n  holdfast test %s\n  holdfast simulate %s --account %s#acme\n  holdfast dev %s --at 2026-05-20 --speed 2d/s\n",
				dir, dir, dir, filepath.Join(dir, "playbooks", "check-in.yaml"), filepath.Join(dir, "accounts.csv"), dir)
			return nil
		},
	}
}

// mayWrite refuses to touch a file that is there already.
func mayWrite(dir string, files fs.FS) error {
	return fs.WalkDir(files, ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		_, err = os.Lstat(filepath.Join(dir, path))
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if err != nil {
			return err
		}
		e := holdfast.Errorf(holdfast.Conflict, "%s is there already", filepath.Join(dir, path))
		e.Hint = "init writes into a new directory only"
		return e
	})
}
