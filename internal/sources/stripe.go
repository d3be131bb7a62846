package sources

import (
	"cmp"
	"errors"
	"strings"
	"time"

	"holdfast"
)

// Events that Stripe's become. What they carry is in rules/library/providers.yaml.
const (
	subscriptionChanged   = "Subscription Changed"
	subscriptionCancelled = "Subscription Cancelled"
	trialEnding           = "Trial Ending"
	invoiceUpcoming       = "Invoice Upcoming"
	invoicePaid           = "Invoice Paid"
	invoiceFailed         = "Invoice Payment Failed"
	invoiceUncollectible  = "Invoice Uncollectible"
)

// stripeEvents by type. Those that are not here say nothing that a playbook asks.
var stripeEvents = map[string]string{
	"customer.subscription.created":                subscriptionChanged,
	"customer.subscription.updated":                subscriptionChanged,
	"customer.subscription.paused":                 subscriptionChanged,
	"customer.subscription.resumed":                subscriptionChanged,
	"customer.subscription.pending_update_applied": subscriptionChanged,
	"customer.subscription.deleted":                subscriptionCancelled,
	"customer.subscription.trial_will_end":         trialEnding,
	"invoice.upcoming":                             invoiceUpcoming,
	"invoice.paid":                                 invoicePaid,
	"invoice.payment_failed":                       invoiceFailed,
	"invoice.marked_uncollectible":                 invoiceUncollectible,
}

// stripeRank orders events of one second, since created has no more than seconds: a
// subscription begins before it changes, and does not come back once it is deleted.
var stripeRank = map[string]time.Duration{
	"customer.subscription.updated": time.Millisecond,
	"customer.subscription.paused":  time.Millisecond,
	"customer.subscription.resumed": time.Millisecond,
	"customer.subscription.deleted": 2 * time.Millisecond,
}

// stripe reads one event (https://docs.stripe.com/api/events/object). Events come
// in any order: each is at its created, so that an older one overwrites nothing.
func stripe(r Request) ([]Said, []Refused, error) {
	e, err := decodeObject(r.Body)
	if err != nil {
		return nil, nil, err
	}
	if e.text("object") != "event" || e.text("id") == "" {
		return nil, nil, errors.New("the body is no event of Stripe's: expected object: event, with an id; thin events are not taken, choose snapshot payloads")
	}
	kind, o := e.text("type"), e.object("data", "object")
	at, ok := e.seconds("created")
	if !ok {
		return nil, []Refused{{"created", "holds no time in seconds; send the event as Stripe wrote it"}}, nil
	}
	m := holdfast.Message{ID: e.text("id"), Kind: holdfast.Track, Event: stripeEvents[kind], At: at.Add(stripeRank[kind])}
	switch {
	case kind == "customer.created" || kind == "customer.updated":
		m.Kind, m.Props = holdfast.Group, map[string]any{}
		m.Account = cmp.Or(stripeAccount(o.object("metadata")), o.text("id"))
		set(m.Props, "name", o.text("name"))
		set(m.Props, "country", o.text("address", "country"))
	case m.Event == "":
		return nil, nil, nil
	case strings.HasPrefix(kind, "invoice."):
		m.Account, m.Props = stripeInvoiceAccount(o), stripeInvoice(o)
	default:
		m.Account = cmp.Or(stripeAccount(o.object("metadata")), stripeCustomer(o))
		m.Props = stripeSubscription(o, at)
	}
	if m.Account == "" {
		return nil, []Refused{{"data.object", "names no customer, and its metadata no account_id"}}, nil
	}
	if m.Kind == holdfast.Track && strings.HasPrefix(kind, "customer.subscription.") && o.text("id") == "" {
		return nil, []Refused{{"data.object.id", "is missing: the subscription cannot be told from others"}}, nil
	}
	return []Said{{Message: m}}, nil, nil
}

// stripeAccount is the account that a project wrote into metadata.
func stripeAccount(metadata object) string { return metadata.text("account_id") }

// stripeCustomer is the customer of o: an id, or the customer whole, whose
// metadata then comes first.
func stripeCustomer(o object) string {
	if whole := o.object("customer"); whole != nil {
		return cmp.Or(stripeAccount(whole.object("metadata")), whole.text("id"))
	}
	return o.text("customer")
}

// stripeInvoiceAccount looks where the subscription's metadata are: in parent
// since API version 2025-03-31, in subscription_details before.
func stripeInvoiceAccount(o object) string {
	return cmp.Or(
		stripeAccount(o.object("parent", "subscription_details", "metadata")),
		stripeAccount(o.object("subscription_details", "metadata")),
		stripeAccount(o.object("metadata")),
		stripeCustomer(o),
	)
}

func stripeSubscription(o object, at time.Time) map[string]any {
	p := map[string]any{}
	status, ends := o.text("status"), o.flag("cancel_at_period_end")
	if end, ok := o.seconds("cancel_at"); ok && end.After(at) {
		ends = true
		p["ends_at"] = end.Format(time.RFC3339)
	}
	set(p, "subscription_id", o.text("id"))
	set(p, "customer_id", cmp.Or(o.text("customer"), o.text("customer", "id")))
	set(p, "status", status)
	p["active"] = status == "active" || status == "past_due"
	p["cancel_at_period_end"] = o.flag("cancel_at_period_end")
	p["auto_renew"] = !ends && status != "canceled"
	set(p, "currency", o.text("currency"))
	set(p, "plan", stripePlan(o))
	if end, ok := stripePeriodEnd(o); ok {
		p["next_renewal"] = end.Format(time.DateOnly)
		p["current_period_end"] = end.Format(time.RFC3339)
	}
	if end, ok := o.seconds("trial_end"); ok {
		p["trial_ends"] = end.Format(time.DateOnly)
	}
	if end, ok := o.seconds("ended_at"); ok {
		p["ended_at"] = end.Format(time.RFC3339)
	}
	set(p, "reason", cmp.Or(o.text("cancellation_details", "feedback"), o.text("cancellation_details", "reason")))
	stripeRecurring(o, p)
	return p
}

// stripePeriodEnd is the end of the period that is paid for: on the items since API
// version 2025-03-31, on the subscription before. Of several items it is the one
// that ends first. Source: https://docs.stripe.com/changelog/basil
func stripePeriodEnd(o object) (end time.Time, ok bool) {
	for _, it := range o.list("items", "data") {
		item, _ := it.(map[string]any)
		if t, is := object(item).seconds("current_period_end"); is && (!ok || t.Before(end)) {
			end, ok = t, true
		}
	}
	if !ok {
		return o.seconds("current_period_end")
	}
	return end, ok
}

func stripeInvoice(o object) map[string]any {
	p := map[string]any{}
	set(p, "invoice_id", o.text("id"))
	set(p, "subscription_id", cmp.Or(
		o.text("parent", "subscription_details", "subscription"), o.text("parent", "subscription_details", "subscription", "id"),
		o.text("subscription"), o.text("subscription", "id")))
	set(p, "customer_id", cmp.Or(o.text("customer"), o.text("customer", "id")))
	set(p, "status", o.text("status"))
	set(p, "billing_reason", o.text("billing_reason"))
	set(p, "currency", o.text("currency"))
	for _, name := range []string{"amount_due", "amount_paid", "amount_remaining"} {
		set(p, name, stripeMoney(o.text(name), o.text("currency")))
	}
	if n := o.at("attempt_count"); n != nil {
		p["attempts"] = n
	}
	if at, ok := o.seconds("next_payment_attempt"); ok {
		p["next_attempt"] = at.Format(time.RFC3339)
	}
	return p
}
