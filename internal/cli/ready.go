package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"time"

	"github.com/spf13/cobra"

	"holdfast"
)

func readyCommand(s Streams) *cobra.Command {
	var at string
	var within time.Duration
	c := &cobra.Command{
		Use:   "ready",
		Short: "Ask a running process whether it can do its work",
		Long: `Asks /readyz of a server, worker or relay at the address of its --operations, for
containers that have no other program to ask with. The exit code is 0 when it is
ready, 1 when it answers that it is not, with what keeps it, and 2 when it does not
answer.`,
		Example: "  holdfast ready\n  holdfast ready --at 127.0.0.1:7789 --within 2s",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			ctx, cancel := context.WithTimeout(cmd.Context(), within)
			defer cancel()
			return askReady(ctx, s.Out, at)
		},
	}
	c.Flags().StringVar(&at, "at", "127.0.0.1:7789", "host and port of its --operations; of its page where it has none")
	c.Flags().DurationVar(&within, "within", 4*time.Second, "how long it may take to answer")
	return c
}

// mostOfAnAnswer bounds what is read of one.
const mostOfAnAnswer = 64 << 10

// askReady prints what keeps the process at an address from its work.
func askReady(ctx context.Context, out io.Writer, at string) error {
	silent := func(why string) error {
		e := holdfast.Errorf(holdfast.Unavailable, "nothing answers /readyz at %s: %s", at, why)
		e.Hint = "start it with --operations " + at
		return e
	}
	if _, _, err := net.SplitHostPort(at); err != nil {
		return holdfast.Errorf(holdfast.Invalid, "--at %s: %v", at, err)
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+at+"/readyz", nil)
	if err != nil {
		return holdfast.Errorf(holdfast.Invalid, "--at %s: not a host and a port", at)
	}
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}} // no proxy: it is this machine, or one beside it
	answer, err := client.Do(r)
	if err != nil {
		if errors.Is(err, context.DeadlineExceeded) {
			return silent("no answer in time")
		}
		return silent(innermost(err).Error())
	}
	defer answer.Body.Close() //nolint:errcheck // it was read
	var said struct {
		Checks []struct {
			Name string
			OK   bool
			Why  string
		}
	}
	switch answer.StatusCode {
	case http.StatusOK:
		fmt.Fprintln(out, "ready")
		return nil
	case http.StatusServiceUnavailable:
		if err := json.NewDecoder(io.LimitReader(answer.Body, mostOfAnAnswer)).Decode(&said); err != nil {
			return silent("it says 503, and not why")
		}
	default:
		return silent(answer.Status)
	}
	for _, c := range said.Checks {
		if !c.OK {
			fmt.Fprintf(out, "not ready: %s: %s\n", c.Name, c.Why)
		}
	}
	return errFindings
}

// innermost is what lies under all that wraps it.
func innermost(err error) error {
	for {
		inner := errors.Unwrap(err)
		if inner == nil {
			return err
		}
		err = inner
	}
}
