package cli

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"holdfast/internal/config"
	"holdfast/internal/doctor"
)

func doctorCommand(s Streams) *cobra.Command {
	var asJSON bool
	d := doctor.Doctor{Clock: realClock}
	c := &cobra.Command{
		Use:   "doctor [PROJECT]",
		Short: "Find what keeps a server from working, and say what mends it",
		Long: `Looks at the data directory, the settings of the process, the database and its clock,
Temporal, the ports of the engine inside, the keys of providers and of Temporal's
histories, the doors for the outside and the public address, with the environment that a
server would have. It sends nothing and changes nothing, and may run beside a running
server, as the user that runs that. Without PROJECT it looks at the release in force.

Each line says what was found and, where it matters, why and what mends it. The exit
code is 1 when something is wrong. A note is worth knowing, and no fault.`,
		Example: "  holdfast doctor --dir /var/lib/holdfast\n  holdfast doctor retention --dir /var/lib/holdfast --json",
		Args:    cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) > 0 {
				d.Project = args[0]
			}
			d.Env = config.FromEnvironment()
			p := printer{out: s.Out, color: terminal(s.Out)}
			wrong := 0
			for _, f := range d.Examine(cmd.Context()) {
				if f.State == doctor.Wrong {
					wrong++
				}
				say := p.finding
				if asJSON {
					say = func(f doctor.Finding) error { return p.JSON(f) }
				}
				if err := say(f); err != nil {
					return err
				}
			}
			if err := cmd.Context().Err(); err != nil {
				return err
			}
			if wrong > 0 {
				return errFindings
			}
			return nil
		},
	}
	c.Flags().StringVar(&d.Dir, "dir", ".holdfast", "data directory; it may be in use by a running holdfast")
	c.Flags().BoolVar(&asJSON, "json", false, "print one JSON object a line")
	return c
}

// finding prints a line for people; what is no fault needs no more than its words.
func (p *printer) finding(f doctor.Finding) error {
	row := fmt.Sprintf("%-6s %-10s %s\n", f.State, f.Check, f.What)
	if p.color {
		colour := map[doctor.State]string{doctor.OK: "\x1b[32m", doctor.Note: "\x1b[33m", doctor.Wrong: "\x1b[31m"}[f.State]
		row = colour + strings.TrimSuffix(row, "\n") + "\x1b[0m\n"
	}
	if f.State != doctor.OK {
		if f.Why != "" {
			row += fmt.Sprintf("%17s why: %s\n", "", f.Why)
		}
		if f.Fix != "" {
			row += fmt.Sprintf("%17s fix: %s\n", "", f.Fix)
		}
	}
	_, err := fmt.Fprint(p.out, row)
	return err
}
