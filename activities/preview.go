package activities

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"strings"

	"holdfast"
	"holdfast/guards"
	"holdfast/internal/facts"
	"holdfast/internal/mail"
	"holdfast/internal/store"
	"holdfast/playbooks"
	"holdfast/steps"
)

// Preview asks for one e-mail as it would be sent now, whatever its playbook
// waits for.
type Preview struct {
	Playbook *playbooks.Playbook
	Step     string // an e-mail of Playbook
	Account  string
	Contact  string            // "": whom the step names first
	Locale   string            // wanted before the contact's own; "" is none
	Set      map[string]string // values of variables that only a run has, by dotted name
	Touch    string            // the id it would have; "": one that no ledger holds
}

// Previewed is that e-mail.
type Previewed struct {
	Message holdfast.Outbound
	File    string   // that it was made of: templates/renewal/value.de.md
	Locale  string   // of that file, "" for the one without
	Wanted  []string // the locales that were looked for, in order
	// Missing are variables without a value, each with its place. The message
	// shows their names instead; it would not be sent.
	Missing []*mail.Error
	// Kept is why it would not go to this person, such as an opt-out; "" if it may.
	Kept string
	// Stopped is who stopped the playbook, or all sending; "" while it goes on.
	Stopped string
}

// maxMissing bounds the variables of one template that are reported.
const maxMissing = 50

// Preview renders an e-mail by the code that sends it, and writes nothing. The
// error is a *holdfast.Error when the question is at fault, and a *mail.Error
// for a template that cannot be rendered at all.
func (a *Activities) Preview(ctx context.Context, p Preview) (Previewed, error) {
	var out Previewed
	err := a.Store.View(ctx, func(tx store.Tx) (err error) {
		out, err = a.preview(tx, p)
		return err
	})
	return out, err
}

func (a *Activities) preview(tx store.Tx, p Preview) (Previewed, error) {
	step := p.Playbook.Program.ByID[p.Step]
	spec, ok := (*steps.Email)(nil), false
	if step != nil {
		spec, ok = step.Spec.(*steps.Email)
	}
	if !ok {
		return Previewed{}, holdfast.Errorf(holdfast.NotFound, "playbook %s has no e-mail step %q", p.Playbook.Name, p.Step)
	}
	w := &walk{
		a: a, tx: tx, now: a.Clock.Now(), project: a.Project(), set: a.Rules(),
		v: &version{Playbook: p.Playbook, mail: mail.New(p.Playbook.Bundle.FS())},
		e: store.Enrollment{ID: "preview", Playbook: p.Playbook.Name, Digest: p.Playbook.Digest, Account: p.Account, Contact: p.Contact},
	}
	w.cmd = steps.Command{Kind: steps.Deliver, Step: step, Path: step.ID}
	if _, err := tx.Account(p.Account); errors.Is(err, store.ErrNotFound) {
		return Previewed{}, holdfast.Errorf(holdfast.NotFound, "there is no account %q", p.Account)
	}
	var err error
	if w.facts, err = facts.Load(tx, w.set, p.Account, p.Contact, w.now); err != nil {
		return Previewed{}, err
	}
	w.place = w.project.place("account", w.facts.Account, nil)
	t := touch{cmd: w.cmd, channel: "email", email: spec, locale: p.Locale}
	t.row.ID = p.Touch
	if t.to, err = w.previewed(spec, p.Contact); err != nil {
		return Previewed{}, err
	}
	return w.look(t, p.Set)
}

// previewed is whom the mail would go to: a contact by id, or the first that the
// step names.
func (w *walk) previewed(spec *steps.Email, contact string) (recipient, error) {
	people, err := w.tx.Contacts(w.e.Account)
	if err != nil {
		return recipient{}, fmt.Errorf("read contacts: %w", err)
	}
	refs := spec.To
	if contact != "" {
		refs = []string{"contact"}
	}
	var ids []string
	for _, ref := range refs {
		for _, c := range people {
			if r := w.contact(c); w.means(ref, r) && (r.address.Email != "" || contact != "") {
				return r, nil
			}
		}
	}
	for _, c := range people {
		ids = append(ids, c.ID)
	}
	e := holdfast.Errorf(holdfast.NotFound, "account %s has nobody with an address who is %s", w.e.Account, joined(spec.To))
	if contact != "" {
		e = holdfast.Errorf(holdfast.NotFound, "account %s has no contact %q", w.e.Account, contact)
	}
	if e.Hint = "it has no contacts"; len(ids) > 0 {
		e.Hint = "name one with --contact: " + strings.Join(ids[:min(len(ids), 8)], ", ")
	}
	return recipient{}, e
}

// look renders the touch. A variable without a value is noted and shown by its
// name, until none is left.
func (w *walk) look(t touch, set map[string]string) (Previewed, error) {
	out := Previewed{Wanted: mail.Chain(w.locales(t)...)}
	d, err := w.suppressed(&t.to, t.channel)
	if err != nil {
		return out, err
	}
	if d.Kind != guards.Go {
		out.Kept = d.Reason + ": " + d.Detail
	}
	if out.Stopped, err = stopped(w.tx, w.e.Playbook); err != nil {
		return out, err
	}
	data, err := w.data(t.to)
	if err != nil {
		return out, err
	}
	for name, value := range set {
		overlay(data, name, value)
	}
	for {
		m, r, err := w.write(t, maps.Clone(data))
		hole, unset := errors.AsType[*mail.Error](err)
		if unset = unset && hole.Variable != ""; unset && len(out.Missing) < maxMissing {
			out.Missing = append(out.Missing, hole)
			overlay(data, hole.Variable, "["+hole.Variable+"]")
			continue
		}
		if err != nil {
			return out, err
		}
		m.Touch, m.Channel, m.Account, m.Contact, m.At = w.row(t).ID, t.channel, w.e.Account, t.to.contact, w.now
		if step := t.email.Thread; step != "" { // as if that had gone
			m.Headers["In-Reply-To"] = messageID(holdfast.TouchID(w.e.ID, step, t.channel, t.to.id), m.From.Email)
			m.Headers["References"] = m.Headers["In-Reply-To"]
		}
		out.Message, out.File, out.Locale = m, r.File, r.Locale
		return out, nil
	}
}

// overlay sets one value by its dotted name. Fields with dots in their names stand
// in one map; what steps and items gave in maps of maps.
func overlay(data map[string]any, name, value string) {
	root, rest, dotted := strings.Cut(name, ".")
	if !dotted {
		data[root] = value
		return
	}
	old, _ := data[root].(map[string]any)
	below := map[string]any{}
	maps.Copy(below, old)
	first, _, deeper := strings.Cut(rest, ".")
	if _, nested := below[first].(map[string]any); nested && deeper {
		overlay(below, rest, value)
	} else {
		below[rest] = value
	}
	data[root] = below
}
