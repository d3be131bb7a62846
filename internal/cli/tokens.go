package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"holdfast"
	"holdfast/internal/calendar"
	"holdfast/internal/config"
	"holdfast/internal/store"
	"holdfast/internal/tokens"
)

// tokenOptions are the flags of tokens.
type tokenOptions struct {
	name, by, expires, overlap string
	scopes                     []string
	json                       bool
}

func tokensCommand(s Streams) *cobra.Command {
	c := &cobra.Command{
		Use:   "tokens",
		Short: "Make and end the keys by which others call",
		Long: `Keys of those who call. Each is for one or more scopes:

  ingest:SOURCE  hand in what happens, as a source of the project: its write key
  metrics        read /metrics where HOLDFAST_OPERATIONS_TOKEN guards them

A key is shown once, when it is made: what is kept is a hash of it, who made it
and when, when it was last used, and who revoked it. All of it works whether
holdfast runs or not, and at once.`,
	}
	c.PersistentFlags().String("dir", ".holdfast", "data directory; it may be in use by a running holdfast")
	c.AddCommand(tokensCreate(s), tokensList(s), tokensRotate(s), tokensRevoke(s))
	return c
}

func tokensCreate(s Streams) *cobra.Command {
	var o tokenOptions
	c := &cobra.Command{
		Use:     "create",
		Short:   "Make a key, and show it this once",
		Example: "  holdfast tokens create --scope ingest:app --name \"the web app\"\n  holdfast tokens create --scope metrics --name prometheus --expires 90d",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			now := realClock.Now()
			n := tokens.New{Name: o.name, Scopes: o.scopes, By: author(o.by)}
			if o.expires != "" {
				life, err := span("--expires", o.expires)
				if err != nil {
					return err
				}
				n.Expires = now.Add(life)
			}
			return newToken(cmd, s, o, "token.create", func(tx store.Tx) (string, store.Token, error) { return tokens.Create(tx, n, now) })
		},
	}
	c.Flags().StringSliceVar(&o.scopes, "scope", nil, "what it is for; may be given several times")
	c.Flags().StringVar(&o.name, "name", "", "who has it, for the list")
	c.Flags().StringVar(&o.expires, "expires", "", "how long it lives, such as 90d; without it until it is revoked")
	o.common(c)
	return c
}

func tokensRotate(s Streams) *cobra.Command {
	var o tokenOptions
	c := &cobra.Command{
		Use:   "rotate ID",
		Short: "Make a key that takes the place of another",
		Long: `Makes a key with the scopes and the name of another, and as long a life. The old one
goes on working for the overlap, so that its holders can change over.`,
		Example: "  holdfast tokens rotate tok_k3j5q2ab --overlap 24h",
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			overlap, err := span("--overlap", o.overlap)
			if err != nil {
				return err
			}
			return newToken(cmd, s, o, "token.rotate", func(tx store.Tx) (string, store.Token, error) {
				return tokens.Rotate(tx, args[0], author(o.by), overlap, realClock.Now())
			})
		},
	}
	c.Flags().StringVar(&o.overlap, "overlap", "7d", "how long the old key still works")
	o.common(c)
	return c
}

func tokensRevoke(s Streams) *cobra.Command {
	var o tokenOptions
	c := &cobra.Command{
		Use:     "revoke ID",
		Short:   "End a key at once",
		Example: "  holdfast tokens revoke tok_k3j5q2ab --by Mira",
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return inDir(cmd, func(ctx context.Context, st store.Store) error {
				err := st.Update(ctx, func(tx store.Tx) error {
					return errors.Join(tokens.Revoke(tx, args[0], author(o.by), realClock.Now()),
						store.Audited(ctx, tx, realClock.Now(), o.by, "token.revoke", args[0], nil))
				})
				if err == nil {
					fmt.Fprintf(s.Out, "%s is revoked\n", args[0])
				}
				return err
			})
		},
	}
	c.Flags().StringVar(&o.by, "by", "", "who does it (default: the user)")
	return c
}

func tokensList(s Streams) *cobra.Command {
	var o tokenOptions
	c := &cobra.Command{
		Use:     "list",
		Short:   "List keys: what for, of whom, since when, last used; the ended ones too",
		Example: "  holdfast tokens list\n  holdfast tokens list --json",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return inDir(cmd, func(ctx context.Context, st store.Store) error { return listTokens(ctx, st, s, o) })
		},
	}
	c.Flags().BoolVar(&o.json, "json", false, "print one JSON object a line")
	return c
}

func (o *tokenOptions) common(c *cobra.Command) {
	c.Flags().StringVar(&o.by, "by", "", "who does it (default: the user)")
	c.Flags().BoolVar(&o.json, "json", false, "print one JSON object")
}

// author is who does it: what the flag says, or the environment.
func author(by string) string {
	return cmp.Or(by, config.FromEnvironment().By, "someone")
}

// span reads a flag such as 90d; a day is 24 hours.
func span(flag, text string) (time.Duration, error) {
	sp, err := calendar.ParseSpan(text)
	d := sp.Dur + time.Duration(sp.Days)*24*time.Hour
	if err != nil || sp.Months != 0 || sp.Business != 0 || d < 0 {
		e := holdfast.Errorf(holdfast.Invalid, "%s cannot be %q", flag, text)
		e.Hint = "write hours, days or weeks, such as 90d"
		return 0, e
	}
	return d, nil
}

// newToken makes one, and shows what its holder shows: on stdout, alone.
func newToken(cmd *cobra.Command, s Streams, o tokenOptions, what string, make func(tx store.Tx) (string, store.Token, error)) error {
	return inDir(cmd, func(ctx context.Context, st store.Store) error {
		var secret string
		var t store.Token
		if err := st.Update(ctx, func(tx store.Tx) (err error) {
			if secret, t, err = make(tx); err != nil {
				return err
			}
			details := map[string]any{"scopes": t.Scopes}
			if t.Follows != "" {
				details["follows"] = t.Follows
			}
			return store.Audited(ctx, tx, realClock.Now(), o.by, what, t.ID, details)
		}); err != nil {
			return err
		}
		if o.json {
			row := rowOfToken(t)
			row.Key = secret
			return (&printer{out: s.Out, json: true}).JSON(row)
		}
		fmt.Fprintln(s.Out, secret)
		fmt.Fprintf(s.Err, "%s, for %s: the key above is shown this once\n", t.ID, strings.Join(t.Scopes, ", "))
		return nil
	})
}

// tokenRow is a token as JSON.
type tokenRow struct {
	ID        string     `json:"id"`
	Key       string     `json:"key,omitempty"` // of a new one alone
	Name      string     `json:"name,omitempty"`
	Scopes    []string   `json:"scopes"`
	State     string     `json:"state"`
	Created   time.Time  `json:"created"`
	CreatedBy string     `json:"created_by"`
	Expires   *time.Time `json:"expires,omitempty"`
	Used      *time.Time `json:"used,omitempty"`
	Revoked   *time.Time `json:"revoked,omitempty"`
	RevokedBy string     `json:"revoked_by,omitempty"`
	Follows   string     `json:"follows,omitempty"`
}

func rowOfToken(t store.Token) tokenRow {
	set := func(at time.Time) *time.Time {
		if at.IsZero() {
			return nil
		}
		return &at
	}
	return tokenRow{
		ID: t.ID, Name: t.Name, Scopes: t.Scopes, State: tokens.State(t, realClock.Now()), Created: t.CreatedAt, CreatedBy: t.CreatedBy,
		Expires: set(t.ExpiresAt), Used: set(t.UsedAt), Revoked: set(t.RevokedAt), RevokedBy: t.RevokedBy, Follows: t.Follows,
	}
}

func listTokens(ctx context.Context, st store.Store, s Streams, o tokenOptions) error {
	var all []store.Token
	err := st.View(ctx, func(tx store.Tx) (err error) {
		all, err = tx.AllTokens()
		return err
	})
	if err != nil {
		return fmt.Errorf("list tokens: %w", err)
	}
	p := &printer{out: s.Out, json: o.json}
	t := tabwriter.NewWriter(s.Out, 0, 0, 2, ' ', 0)
	day := func(at *time.Time, otherwise string) string {
		if at == nil {
			return otherwise
		}
		return at.UTC().Format("2006-01-02 15:04")
	}
	for _, one := range all {
		r := rowOfToken(one)
		if o.json {
			if err := p.JSON(r); err != nil {
				return err
			}
			continue
		}
		state := r.State
		switch {
		case r.State == "revoked":
			state += " by " + cell(r.RevokedBy, 24)
		case r.Expires != nil:
			state += " until " + day(r.Expires, "")
		}
		fmt.Fprintf(t, "%s\t%s\t%s\tmade %s by %s\tused %s\t%s\n", r.ID, cell(strings.Join(r.Scopes, ","), 40), cell(cmp.Or(r.Name, "-"), 24),
			day(&r.Created, ""), cell(r.CreatedBy, 24), day(r.Used, "never"), state)
	}
	fmt.Fprintln(s.Err, plural(len(all), "token", "tokens"))
	return t.Flush()
}
