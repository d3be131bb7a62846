package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"text/tabwriter"

	"holdfast"
	"holdfast/internal/sim"
	"holdfast/internal/timeline"
)

// simulatePaths plays all choices and prints one row a way.
func simulatePaths(ctx context.Context, s Streams, c sim.Case, o simulateOptions) error {
	if o.most < 1 {
		return holdfast.Errorf(holdfast.Invalid, "--most %d: expected 1 or more", o.most)
	}
	if o.svg != "" {
		return holdfast.Errorf(holdfast.Invalid, "--svg draws one timeline; use --html with --paths")
	}
	ways, more, err := sim.Ways(ctx, c, o.most)
	if err != nil {
		return err
	}
	var stories []timeline.Story
	for i, w := range ways {
		stories = append(stories, storyOf(c, w.Run, fmt.Sprintf("Way %d: %s", i+1, chosen(w.Choices))))
	}
	if err := drawRuns(s, o, c, stories); err != nil {
		return err
	}
	if o.json {
		err = printWaysJSON(s, ways)
	} else {
		err = printWays(s, c, ways)
	}
	if more {
		fmt.Fprintf(s.Err, "there are more than %d ways; --most shows more\n", o.most)
	}
	return err
}

func chosen(choices []sim.Choice) string {
	if len(choices) == 0 {
		return "nobody has a choice"
	}
	var words []string
	for _, c := range choices {
		words = append(words, c.Step+" "+c.Choice)
	}
	return strings.Join(words, ", ")
}

func printWays(s Streams, c sim.Case, ways []sim.Way) error {
	fmt.Fprintf(s.Out, "%s for %s from %s (%s): %s\n\n", c.Playbook.Name, c.Account, c.At.In(ways[0].Run.Zone).Format(whenFormat), ways[0].Run.Zone, plural(len(ways), "way", "ways"))
	t := tabwriter.NewWriter(s.Out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "way\tdays\tmails\ttasks\toutcome\tchoices")
	for i, w := range ways {
		mails, tasks, outcome := counted(w.Run)
		fmt.Fprintf(t, "%d\t%d\t%d\t%d\t%s\t%s\n", i+1, int(w.Run.Stands.Sub(c.At).Hours()/24), mails, tasks, outcome, chosen(w.Choices))
	}
	return t.Flush()
}

// counted are the mails that went, the tasks that opened, and how it ended.
func counted(run sim.Run) (mails, tasks int, outcome string) {
	outcome = "goes on: " + run.Doing
	for _, l := range run.Lines {
		switch {
		case l.Kind == "email" && l.Outcome == "sent":
			mails++
		case l.Kind == "task" && l.Outcome == "opened":
			tasks++
		case run.Ended && (l.Kind == "outcome" || l.Kind == "exit"):
			outcome = l.Outcome
		}
	}
	return mails, tasks, outcome
}

// wayRow is one way as JSON, a line each.
type wayRow struct {
	Kind    string       `json:"kind"` // way
	Choices []sim.Choice `json:"choices"`
	Outcome string       `json:"outcome"`
	Lines   any          `json:"lines"`
}

func printWaysJSON(s Streams, ways []sim.Way) error {
	out := json.NewEncoder(s.Out)
	out.SetEscapeHTML(false)
	for _, w := range ways {
		_, _, outcome := counted(w.Run)
		if err := out.Encode(wayRow{Kind: "way", Choices: w.Choices, Outcome: outcome, Lines: w.Run.Lines}); err != nil {
			return err
		}
	}
	return nil
}

// storyOf is a run as the pictures show it.
func storyOf(c sim.Case, run sim.Run, title string) timeline.Story {
	if title == "" {
		title = c.Playbook.Name + " for " + c.Account
	}
	st := timeline.Story{Title: title, Zone: run.Zone, Lines: run.Lines}
	if !run.Ended {
		st.Note = "On " + run.Stands.In(run.Zone).Format(whenFormat) + " it has not ended: " + run.Doing + "."
	}
	return st
}

// drawRuns writes what --svg and --html ask for.
func drawRuns(s Streams, o simulateOptions, c sim.Case, stories []timeline.Story) error {
	if o.svg != "" {
		if err := writeOut(s, o.svg, []byte(stories[0].SVG())); err != nil {
			return err
		}
	}
	if o.html == "" {
		return nil
	}
	var page bytes.Buffer
	if err := timeline.HTML(&page, c.Playbook.Title+" for "+c.Account, stories); err != nil {
		return err
	}
	return writeOut(s, o.html, page.Bytes())
}

// writeOut writes a file that the user asked for, and says so.
func writeOut(s Streams, file string, text []byte) error {
	if err := os.WriteFile(file, text, 0o644); err != nil {
		return fmt.Errorf("write %s: %w", file, err)
	}
	fmt.Fprintf(s.Err, "wrote %s\n", file)
	return nil
}
