package doctor

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"holdfast/internal/app"
)

// doors opens what a server would open, and tells what stays shut.
func doors(ctx context.Context, v *visit) {
	if v.project == nil || v.store == nil && !v.fresh || v.virtual {
		return
	}
	a, err := app.Examine(ctx, v.config())
	if err != nil && v.already(err) {
		return
	}
	if err != nil {
		v.broken(err, "a server does not start so", "")
		return
	}
	defer a.Close() //nolint:errcheck // it was only looked at
	if _, err := a.Public(); err != nil {
		v.broken(err, "a server with --public does not start so", "")
		return
	}
	open := 0
	for _, d := range a.Doors() {
		if d.Shut == "" {
			open++
			continue
		}
		say, why := v.note, "what comes there is answered 404"
		if lost := v.lost(d.Name); lost != "" {
			say, why = v.wrong, lost
		}
		say(fmt.Sprintf("the door for %s is shut", d.Name), why, d.Shut)
	}
	v.ok(fmt.Sprintf("%d doors open with --public", open))
}

// lost is what the project misses while a door is shut; "" where it does not use
// what comes there.
func (v *visit) lost(door string) string {
	s := v.project.Settings
	switch {
	case door == "SendGrid's events" && v.provider("email") == "sendgrid":
		return "nobody tells of bounces, complaints and deliveries: touches whose fate is unknown stay so"
	case door == "SendGrid's Inbound Parse" && s.Inbound != "":
		return "answers and unsubscribe mails to " + s.Inbound + " are lost"
	case door == "Slack" && v.provider("slack") != "" && v.Env.SlackAppToken == "":
		return "nobody can answer a task in Slack"
	}
	return ""
}

// address calls public_url as a customer's mail program would.
func address(ctx context.Context, v *visit) {
	const why = "customers cannot unsubscribe, and providers cannot tell us anything"
	if v.project == nil || v.virtual || v.project.Settings.PublicURL == "" {
		return
	}
	base := v.project.Settings.PublicURL
	client := v.HTTP
	if client == nil {
		client = &http.Client{Timeout: 10 * time.Second}
	}
	where := base + "/u/doctor" // nobody's link, which the page says with 404
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, where, nil)
	if err != nil {
		v.wrong("public_url is no address", why, "write https://holdfast.example.com")
		return
	}
	res, err := client.Do(req)
	if err != nil {
		v.wrong(fmt.Sprintf("%s cannot be reached from here: %v", base, rootOf(err)), why,
			"check DNS, the certificate, the proxy before holdfast server --public, and whether this machine may call its own public address")
		return
	}
	defer res.Body.Close() //nolint:errcheck // its status is all we want
	switch {
	case res.StatusCode >= http.StatusInternalServerError:
		v.wrong(fmt.Sprintf("%s answers %s", where, res.Status), why, "start holdfast server --public, and let the proxy pass /u/ and /hooks/ on to it")
	case res.StatusCode != http.StatusNotFound || res.Header.Get("X-Robots-Tag") == "": // as the page of internal/server/preferences answers
		v.wrong(fmt.Sprintf("what answers at %s is not holdfast (%s)", where, res.Status), why, "let the proxy pass /u/ and /hooks/ on as they are")
	default:
		v.ok(base + " can be reached")
	}
}
