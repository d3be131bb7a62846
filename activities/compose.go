package activities

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"holdfast"
	"holdfast/internal/facts"
	"holdfast/internal/mail"
	"holdfast/internal/store"
	"holdfast/rules"
	"holdfast/steps"
)

// compose renders a touch, from its version's own templates.
func (w *walk) compose(t touch) (holdfast.Outbound, error) {
	data, err := w.data(t.to)
	if err != nil {
		return holdfast.Outbound{}, err
	}
	if t.slack != nil {
		line, err := w.v.mail.Line(t.slack.Text, data)
		return holdfast.Outbound{To: t.to.address, Text: line}, err
	}
	if t.webhook != nil {
		return w.payload(t)
	}
	m, _, err := w.write(t, data)
	return m, err
}

// write is compose of an e-mail with the data that its template may name.
func (w *walk) write(t touch, data map[string]any) (holdfast.Outbound, mail.Rendered, error) {
	id := w.row(t).ID
	m := holdfast.Outbound{To: t.to.address, From: w.from(t.email.From), Headers: map[string]string{}}
	m.ReplyTo = w.replyTo(t.email.ReplyTo)
	if err := w.leadBack(t, id, &m, data); err != nil {
		return m, mail.Rendered{}, err
	}
	m.Headers["Message-ID"] = messageID(id, m.From.Email)
	if err := w.thread(t.email.Thread, m); err != nil {
		return m, mail.Rendered{}, err
	}
	draft, err := w.edited(t)
	if err != nil {
		return m, mail.Rendered{}, err
	}
	r, err := w.v.mail.Draft(t.email.Template, w.locales(t), draft, data)
	m.Subject, m.HTML, m.Text = r.Subject, r.HTML, r.Text
	return m, r, err
}

// locales are the recipient's, the account's and the project's, in this order.
func (w *walk) locales(t touch) []string {
	return []string{t.locale, text(t.to.record, "locale"), text(w.facts.Account, "locale"), w.project.Locale}
}

// signs is the owner, who signs while they are away too; after they left it is
// whoever stands in for them.
func (w *walk) signs() someone {
	who := w.named("owner")
	if why, _ := w.project.gone(who.Person, w.now); who.Channel == "" && hasLeft(why) {
		in := w.project.present(who, w.now)
		in.Reason = who.Reason
		return in
	}
	return who
}

// from is the owner, when there is one with an address, or the project's sender.
func (w *walk) from(ref string) holdfast.Address {
	if ref != "default" {
		if who := w.signs(); who.Email != "" && who.Reason == "" {
			return holdfast.Address{ID: who.ID, Name: who.Name, Email: who.Email}
		}
	}
	return holdfast.Address{Name: w.project.Sender.Name, Email: w.project.Sender.Email}
}

func (w *walk) replyTo(ref string) string {
	if ref == "owner" {
		return w.from("owner").Email
	}
	return ref
}

// messageID is how replies are matched: it holds the touch's opaque id.
func messageID(touch, from string) string {
	_, domain, ok := strings.Cut(from, "@")
	if !ok {
		domain = "holdfast.invalid"
	}
	return "<" + touch + "@" + domain + ">"
}

// thread continues the conversation of an earlier step, if that went.
func (w *walk) thread(step string, m holdfast.Outbound) error {
	if step == "" {
		return nil
	}
	all, err := w.ledger()
	if err != nil {
		return err
	}
	names := []string{step}
	if s := w.v.Program.ByID[step]; s != nil && s.Was != "" {
		names = append(names, s.Was)
	}
	for _, row := range all {
		if slices.Contains(names, row.Step) && row.Channel == "email" && (row.State == holdfast.Sent || row.State == holdfast.Reconciled) {
			m.Headers["In-Reply-To"] = messageID(row.ID, m.From.Email)
			m.Headers["References"] = m.Headers["In-Reply-To"]
		}
	}
	return nil
}

// data is what templates may name. Moments are shown by the recipient's clock,
// dates as they are.
func (w *walk) data(to recipient) (map[string]any, error) {
	who := w.signs()
	owner := map[string]any{"id": who.id(), "name": who.name()}
	if who.Email != "" {
		owner["email"] = who.Email
	}
	p := w.project
	data := map[string]any{
		"account": shown(w.facts.Account, w.set.AccountType, to.place.zone, w.e.Account),
		"owner":   owner,
		"project": map[string]any{
			"name": p.Name, "currency": p.Currency, "locale": p.Locale, "timezone": p.Timezone,
			"sender": map[string]any{"name": p.Sender.Name, "email": p.Sender.Email},
		},
		"steps": w.results(),
	}
	w.showItems(data, to.place.zone)
	if to.contact != "" {
		data["contact"] = shown(to.record, w.set.ContactType, to.place.zone, to.contact)
	}
	if w.e.Event == 0 {
		return data, nil
	}
	ev, err := w.tx.Event(w.e.Event)
	if errors.Is(err, store.ErrNotFound) {
		return data, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read event %d: %w", w.e.Event, err)
	}
	rec, err := facts.Event(w.set, ev)
	if err != nil {
		return data, nil //nolint:nilerr // an event that the schema has left behind is unset: a template that needs it says so
	}
	fields, _ := w.set.EventFields(ev.Event)
	data["event"] = shown(rec, func(name string) (rules.Type, bool) {
		i := slices.IndexFunc(fields, func(f rules.Field) bool { return f.Name == name })
		return rules.Timestamp, i >= 0 && fields[i].Type == rules.Timestamp
	}, to.place.zone, "")
	return data, nil
}

func shown(r rules.Record, typeOf func(string) (rules.Type, bool), zone *time.Location, id string) map[string]any {
	out := make(map[string]any, len(r)+1)
	for name, v := range r {
		if at, isTime := v.(time.Time); isTime {
			if t, ok := typeOf(name); ok && t == rules.Timestamp {
				v = at.In(zone)
			}
		}
		out[name] = v
	}
	if id != "" {
		out["id"] = id
	}
	return out
}

// showItems names the open items of lists: an object by its fields, a text as it is.
func (w *walk) showItems(data map[string]any, zone *time.Location) {
	for name, r := range w.cmd.Items {
		if v, plain := r[""]; plain {
			data[name] = v
			continue
		}
		one := make(map[string]any, len(r))
		for field, v := range r {
			if at, ok := v.(time.Time); ok && !at.Equal(at.UTC().Truncate(24*time.Hour)) {
				v = at.In(zone)
			}
			one[field] = v
		}
		data[name] = one
	}
}

// results are how steps ended, with the answers of their forms.
func (w *walk) results() map[string]any {
	done := w.st.Done
	if w.cmd.Done != nil {
		done = w.cmd.Done
	}
	out := make(map[string]any, len(done))
	for id, r := range done {
		one := map[string]any{"outcome": r.Outcome, "at": r.At.In(w.place.zone)}
		maps.Copy(one, r.Answers)
		out[id] = one
	}
	return out
}

// unrendered is the reason word for a template that could not be rendered, and
// what is missing, or where the mistake is.
func unrendered(err error) (reason, what string) {
	if errors.Is(err, errNoWayOut) {
		return "no_unsubscribe", err.Error()
	}
	e, ok := errors.AsType[*mail.Error](err)
	switch {
	case !ok:
		return "template_error", err.Error()
	case e.Variable == "":
		return "missing_variable", e.Error()
	}
	return "missing_variable", e.Variable
}

func (w *walk) accountName() string {
	if name := text(w.facts.Account, "name"); name != "" {
		return name
	}
	return w.e.Account
}

// reading of a brief or a title goes on without what cannot be rendered: work
// for people must not be lost over a missing name.
func (w *walk) reading(spec *steps.Task, to recipient, step string) (title, brief, trouble string, err error) {
	data, err := w.data(to)
	if err != nil {
		return "", "", "", err
	}
	if title, err = w.v.mail.Plain(spec.Title, data); err != nil {
		title, trouble = step+" for "+w.accountName(), err.Error()
	}
	if spec.Brief == "" {
		return title, "", trouble, nil
	}
	if brief, err = w.v.mail.Brief(spec.Brief, w.project.Locale, data); err != nil {
		brief, trouble = "", joinNonEmpty(trouble, err.Error())
	}
	return title, brief, trouble, nil
}

func joinNonEmpty(a, b string) string {
	if a == "" || b == "" {
		return a + b
	}
	return a + "; " + b
}
