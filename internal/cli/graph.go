package cli

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"holdfast"
	"holdfast/internal/app"
	"holdfast/internal/graph"
	"holdfast/internal/store"
)

func graphCommand(s Streams) *cobra.Command {
	var project, format, out, dir string
	c := &cobra.Command{
		Use:   "graph PLAYBOOK",
		Short: "Draw a playbook: as a picture, or as Mermaid or DOT text",
		Long: `Draws a playbook, a file or with --project a name, as an SVG picture that stands
alone, or as text for Mermaid or Graphviz. With --dir, the picture shows how many
enrollments stand at each step.`,
		Example: `  holdfast graph playbooks/win-back.yaml -o win-back.svg
  holdfast graph win-back --format mermaid
  holdfast graph win-back --dir .holdfast -o now.svg`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			_, p, err := findPlaybook(s, args[0], project)
			if err != nil {
				return err
			}
			g := graph.Of(p)
			if dir != "" {
				if g.Counts, err = standing(cmd.Context(), dir, p.Name); err != nil {
					return err
				}
			}
			drawn, err := drawGraph(g, format)
			if err != nil {
				return err
			}
			if out == "" {
				_, err = fmt.Fprint(s.Out, drawn)
				return err
			}
			return writeOut(s, out, []byte(drawn))
		},
	}
	f := c.Flags()
	f.StringVar(&format, "format", "svg", "svg, mermaid or dot")
	f.StringVarP(&out, "output", "o", "", "file to write (default: standard output)")
	f.StringVar(&project, "project", ".", "project directory, when PLAYBOOK is a name")
	f.StringVar(&dir, "dir", "", "data directory whose enrollments are counted")
	return c
}

func drawGraph(g graph.Graph, format string) (string, error) {
	switch format {
	case "svg":
		return g.SVG(), nil
	case "mermaid":
		return g.Mermaid(), nil
	case "dot":
		return g.DOT(), nil
	}
	return "", holdfast.Errorf(holdfast.Invalid, "--format cannot be %q; use svg, mermaid or dot", format)
}

// standing counts the active enrollments of a playbook at each step.
func standing(ctx context.Context, dir, playbook string) (map[string]int, error) {
	st, err := app.OpenStore(ctx, dir)
	if err != nil {
		return nil, err
	}
	defer st.Close() //nolint:errcheck // it was only read
	counts := map[string]int{}
	err = st.View(ctx, func(tx store.Tx) error {
		after := ""
		for {
			es, err := tx.ListEnrollments(store.EnrollmentFilter{Playbook: playbook, Status: "active", After: after})
			if err != nil || len(es) == 0 {
				return err
			}
			for _, e := range es {
				counts[e.Step]++
				after = e.ID
			}
		}
	})
	return counts, err
}
