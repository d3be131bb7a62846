package cli

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"holdfast/internal/clock"
	"holdfast/internal/project"
)

// watchTests runs the tests, and again whenever a file of their projects
// changes, until ctx ends. What fails, and what cannot be read, is waited out.
func watchTests(ctx context.Context, s Streams, o testOptions) error {
	for {
		dirs := watched(o.paths)
		last := seen(dirs)
		if err := runTests(ctx, s, o); err != nil && !errors.Is(err, errFindings) {
			if ctx.Err() != nil {
				return ctx.Err()
			}
			fmt.Fprintln(s.Err, "holdfast: "+err.Error())
		}
		if o.junit != "" || o.update {
			last = seen(dirs) // what we wrote ourselves is no change
		}
		fmt.Fprintln(s.Err, "waiting for a change; Ctrl-C ends")
		for seen(dirs) == last {
			if err := clock.Sleep(ctx, 300*time.Millisecond); err != nil {
				return err
			}
		}
		if o.colour {
			fmt.Fprint(s.Out, "\x1b[H\x1b[2J")
		}
	}
}

// watched are the directories of the projects at paths.
func watched(paths []string) []string {
	var dirs []string
	for _, path := range paths {
		dir := path
		if len(project.Below(path)) > 1 {
			dirs = append(dirs, path)
			continue
		}
		if p, _, err := project.Load(path); err == nil {
			dir = p.Dir
		}
		dirs = append(dirs, dir)
	}
	return dirs
}

// seen changes when a file in one of dirs does.
func seen(dirs []string) string {
	var sum strings.Builder
	for _, dir := range dirs {
		fmt.Fprint(&sum, fingerprint(dir), " ")
	}
	return sum.String()
}
