// Package doctor looks for what keeps a server from working, and says of each
// finding what it is, why it matters and what mends it: the directory, the
// database, Temporal, the keys, the doors. It changes nothing and sends nothing.
// To add a check, add a file and a line in checks.
package doctor

import (
	"cmp"
	"context"
	"errors"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"time"

	"holdfast"
	"holdfast/internal/app"
	"holdfast/internal/clock"
	"holdfast/internal/config"
	"holdfast/internal/project"
	"holdfast/internal/store"
)

// within bounds each check.
const within = 15 * time.Second

// State of a finding.
type State string

// Of these only Wrong asks for something to be done.
const (
	OK    State = "ok"
	Note  State = "note" // worth knowing: a door that is shut, an engine that does not run
	Wrong State = "wrong"
)

// Finding is one line. What holds no secret and no personal data.
type Finding struct {
	Check string `json:"check"` // directory, settings, database, project, temporal, payloads, ports, email, slack, webhooks, doors, address
	State State  `json:"state"`
	What  string `json:"what"`
	Why   string `json:"why,omitempty"` // why it matters
	Fix   string `json:"fix,omitempty"`
}

// Doctor examines a data directory and what belongs to it. Dir and Clock are
// required.
type Doctor struct {
	Dir     string
	Project string // a project's directory; "" is the release in force
	Env     config.Environment
	Clock   clock.Clock // the machine's: it is held against the database's
	Space   func(dir string) (free uint64, err error)
	HTTP    *http.Client // calls public_url; nil is a client with a time limit
}

// visit is one examination: what earlier checks found out for later ones.
type visit struct {
	*Doctor
	log     *slog.Logger
	store   store.Store      // nil when it cannot be used
	project *project.Project // nil when there is none to look at
	virtual bool             // the clock of the directory is compressed
	held    bool             // a process runs it
	fresh   bool             // nothing is in the store yet, or there is none
	denied  string           // what mends that we may not read or write the directory; "": we may
	found   []Finding
}

type check struct {
	name string
	run  func(ctx context.Context, v *visit)
}

// checks in the order in which they are made; later ones rest on earlier ones.
var checks = []check{
	{"directory", directory},
	{"settings", settings},
	{"database", database},
	{"project", chosenProject},
	{"temporal", cluster},
	{"payloads", payloads},
	{"ports", ports},
	{"email", emailKey},
	{"slack", slackToken},
	{"webhooks", webhooks},
	{"doors", doors},
	{"address", address},
}

// Examine makes every check. The findings come in the order of the checks.
func (d *Doctor) Examine(ctx context.Context) []Finding {
	v := &visit{Doctor: d, log: slog.New(slog.DiscardHandler)}
	defer func() {
		if v.store != nil {
			_ = v.store.Close() // it was only read
		}
	}()
	for _, c := range checks {
		one, cancel := context.WithTimeout(ctx, within)
		before := len(v.found)
		c.run(one, v)
		cancel()
		for i := before; i < len(v.found); i++ {
			v.found[i].Check = c.name
		}
	}
	return v.found
}

func (v *visit) ok(what string) { v.found = append(v.found, Finding{State: OK, What: what}) }

func (v *visit) note(what, why, fix string) {
	v.found = append(v.found, Finding{State: Note, What: what, Why: why, Fix: fix})
}

func (v *visit) wrong(what, why, fix string) {
	v.found = append(v.found, Finding{State: Wrong, What: what, Why: why, Fix: fix})
}

// broken is a wrong whose words and fix are an error's; fix is for one that names
// none.
func (v *visit) broken(err error, why, fix string) {
	what, hint := wordsOf(err)
	v.wrong(what, why, cmp.Or(hint, fix))
}

// wordsOf parts what an error says from what it advises.
func wordsOf(err error) (what, hint string) {
	what = err.Error()
	if e, ok := errors.AsType[*holdfast.Error](err); ok && e.Hint != "" {
		return strings.TrimSuffix(what, " ("+e.Hint+")"), e.Hint
	}
	return what, ""
}

// already reports whether an earlier check has found the same.
func (v *visit) already(err error) bool {
	what, _ := wordsOf(err)
	return slices.ContainsFunc(v.found, func(f Finding) bool { return f.What == what })
}

// readFrom has the last finding name the variable that it was read from.
func (v *visit) readFrom(variable string) {
	f := &v.found[len(v.found)-1]
	if !strings.Contains(f.What+f.Fix, variable) {
		f.What += ", as " + variable + " says"
	}
}

// provider of a channel, "" where nothing leaves this machine.
func (v *visit) provider(channel string) string {
	if v.project == nil || v.virtual {
		return ""
	}
	p := v.project.Settings.Channels[channel]
	if p == "outbox" {
		return ""
	}
	return p
}

// config of an App that is only looked at.
func (v *visit) config() app.Config {
	return app.Config{Dir: v.Dir, Project: v.project, Env: v.Env, Log: v.log}
}
