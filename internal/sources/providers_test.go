package sources_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"holdfast"
	"holdfast/internal/sources"
)

// line is a message in a few words: kind, event, account, contact, time, props.
func line(m holdfast.Message) string {
	props, err := json.Marshal(m.Props)
	if err != nil {
		return err.Error()
	}
	return fmt.Sprintf("%s %q of %s/%s at %s %s", m.Kind, m.Event, m.Account, m.Contact, m.At.UTC().Format(time.RFC3339), props)
}

func lines(ms []sources.Said) []string {
	var out []string
	for _, m := range ms {
		out = append(out, line(m.Message))
	}
	return out
}

// hub is one event of HubSpot's.
func hub(kind, rest string) string {
	return `{"eventId":100,"subscriptionId":12,"portalId":62515,"appId":54321,"occurredAt":1789999998000,"attemptNumber":0,"subscriptionType":"` + kind + `",` + rest + `}`
}

func TestWhatHubSpotSays(t *testing.T) {
	t.Parallel()
	set := library(t)
	events := []string{
		hub("company.creation", `"objectId":7`),
		hub("company.propertyChange", `"objectId":7,"propertyName":"name","propertyValue":"Acme"`),
		hub("company.propertyChange", `"objectId":7,"propertyName":"seats","propertyValue":"40"`),
		hub("company.propertyChange", `"objectId":7,"propertyName":"seats","propertyValue":""`),
		hub("contact.creation", `"objectId":55`),
		hub("contact.propertyChange", `"objectId":55,"propertyName":"firstname","propertyValue":"Ada"`),
		hub("contact.propertyChange", `"objectId":55,"propertyName":"associatedcompanyid","propertyValue":"7"`),
		hub("object.propertyChange", `"objectTypeId":"0-2","objectId":7,"propertyName":"renewal_date","propertyValue":"1792540800000"`),
		hub("contact.associationChange", `"associationType":"CONTACT_TO_COMPANY","fromObjectId":55,"toObjectId":7,"associationRemoved":false`),
		hub("company.associationChange", `"associationType":"COMPANY_TO_CONTACT","fromObjectId":7,"toObjectId":55,"associationRemoved":true`),
		hub("company.associationChange", `"associationType":"COMPANY_TO_DEAL","fromObjectId":7,"toObjectId":123,"associationRemoved":false`),
		hub("deal.propertyChange", `"objectId":123,"propertyName":"dealstage","propertyValue":"closedlost"`),
		hub("deal.propertyChange", `"objectId":123,"propertyName":"closedate","propertyValue":"1792540800000"`),
		hub("deal.propertyChange", `"objectId":123,"propertyName":"hs_lastmodifieddate","propertyValue":"1792540800000"`),
		hub("ticket.propertyChange", `"objectId":9,"propertyName":"subject","propertyValue":"x"`),
		hub("contact.privacyDeletion", `"objectId":9`),
	}
	for i := range events {
		events[i] = strings.Replace(events[i], `"eventId":100`, fmt.Sprintf(`"eventId":%d`, 100+i), 1)
	}
	batch := "[" + strings.Join(events, ",") + "]"
	ms := said(t, open(t, "hubspot", sources.Settings{}), post(batch))
	want := []string{
		`group "" of hubspot:7/ at 2026-09-21T14:13:18Z {}`,
		`group "" of hubspot:7/ at 2026-09-21T14:13:18Z {"name":"Acme"}`,
		`group "" of hubspot:7/ at 2026-09-21T14:13:18Z {"seats":"40"}`,
		`group "" of hubspot:7/ at 2026-09-21T14:13:18Z {}`,
		`identify "" of /hubspot:55 at 2026-09-21T14:13:18Z {"first_name":"Ada"}`,
		`identify "" of hubspot:7/hubspot:55 at 2026-09-21T14:13:18Z {"associatedcompanyid":"7"}`,
		`group "" of hubspot:7/ at 2026-09-21T14:13:18Z {"renewal_date":"1792540800000"}`,
		`identify "" of hubspot:7/hubspot:55 at 2026-09-21T14:13:18Z {"hubspot_id":"55"}`,
		`track "Deal Changed" of hubspot:7/ at 2026-09-21T14:13:18Z {"deal_id":"hubspot:123"}`,
		`track "Deal Lost" of / at 2026-09-21T14:13:18Z {"deal_id":"hubspot:123","stage":"closedlost"}`,
		`track "Deal Changed" of / at 2026-09-21T14:13:18Z {"close_date":"1792540800000","deal_id":"hubspot:123"}`,
	}
	if d := cmp.Diff(want, lines(ms)); d != "" {
		t.Error(d)
	}
	ids := map[string]bool{}
	for _, m := range ms {
		if _, err := set.Apply(m.Message); err != nil {
			t.Errorf("%s: %v", line(m.Message), err)
		}
		if ids[m.ID] {
			t.Errorf("%s has the id of another", line(m.Message))
		}
		ids[m.ID] = true
	}
	again := said(t, open(t, "hubspot", sources.Settings{SharedIDs: true}), post(strings.ReplaceAll(batch, `"attemptNumber":0`, `"attemptNumber":3`)))
	if len(again) != len(ms) || again[1].ID != ms[1].ID || again[1].Account != "7" || again[4].Contact != "55" {
		t.Errorf("a retry is %s", lines(again))
	}
	if ch, err := set.Apply(ms[6].Message); err != nil || fmt.Sprint(ch.Account["renewal_date"]) != "2026-10-21 00:00:00 +0000 UTC" {
		t.Errorf("a date in milliseconds is %v, %v", ch.Account, err)
	}
	_, refused, err := open(t, "hubspot", sources.Settings{}).Messages(post(`[7,{},` + hub("company.creation", `"x":1`) + `,` + hub("company.creation", `"objectId":7`) + `]`))
	if len(refused) != 3 || refused[2].Place != "[2]" || err != nil {
		t.Errorf("refused %v, %v", refused, err)
	}
}

// Source of the payloads: https://developers.hubspot.com/docs/api/webhooks
func TestWhatHubSpotMergesBecomesOne(t *testing.T) {
	t.Parallel()
	const at = " at 2026-09-21T14:13:18Z "
	for name, c := range map[string]struct {
		event string
		want  []string
	}{
		"companies": {hub("company.merge", `"objectId":7,"primaryObjectId":7,"mergedObjectIds":[8,"9"],"newObjectId":7,"numberOfPropertiesMoved":3`), []string{
			`alias "" of hubspot:7/` + at + `{"previous":"hubspot:8"}`, `alias "" of hubspot:7/` + at + `{"previous":"hubspot:9"}`,
		}},
		"contacts, without a new id": {hub("contact.merge", `"primaryObjectId":55,"mergedObjectIds":[56]`), []string{
			`alias "" of /hubspot:55` + at + `{"previous":"hubspot:56"}`,
		}},
		"into a record of its own": {hub("contact.merge", `"primaryObjectId":55,"mergedObjectIds":[56],"newObjectId":57`), []string{
			`alias "" of /hubspot:57` + at + `{"previous":"hubspot:56"}`, `alias "" of /hubspot:57` + at + `{"previous":"hubspot:55"}`,
		}},
		"in the general form": {hub("object.merge", `"objectTypeId":"0-2","primaryObjectId":7,"mergedObjectIds":[8]`), []string{
			`alias "" of hubspot:7/` + at + `{"previous":"hubspot:8"}`,
		}},
		"deals are nothing to us": {hub("deal.merge", `"primaryObjectId":7,"mergedObjectIds":[8]`), nil},
	} {
		ms := said(t, open(t, "hubspot", sources.Settings{}), post("["+c.event+"]"))
		if d := cmp.Diff(c.want, lines(ms)); d != "" {
			t.Errorf("%s: %s", name, d)
		}
		ids := map[string]bool{}
		for _, m := range ms {
			ids[m.ID] = true
		}
		if len(ids) != len(ms) {
			t.Errorf("%s: two of its messages have one id", name)
		}
	}
	for name, event := range map[string]string{
		"nobody stays":       hub("company.merge", `"mergedObjectIds":[8]`),
		"nobody goes":        hub("company.merge", `"primaryObjectId":7`),
		"into itself":        hub("company.merge", `"primaryObjectId":7,"mergedObjectIds":[7]`),
		"ids that are none":  hub("contact.merge", `"primaryObjectId":7,"mergedObjectIds":[{},[8]]`),
		"more than may come": hub("contact.merge", `"primaryObjectId":7,"mergedObjectIds":[8`+strings.Repeat(",8", 1000)+`]`),
	} {
		if ms, refused, err := open(t, "hubspot", sources.Settings{}).Messages(post(event)); len(ms) != 0 || len(refused) != 1 || err != nil {
			t.Errorf("%s: %v, refused %v, %v", name, lines(ms), refused, err)
		}
	}
}

func zen(kind, detail, event string) string {
	return `{"account_id":22129848,"detail":` + detail + `,"event":` + event + `,"id":"cbe4028c","subject":"zen:ticket:35","time":"2026-08-21T00:00:00.672717030Z","type":"` + kind + `","zendesk_event_version":"2022-11-06"}`
}

func TestWhatZendeskSays(t *testing.T) {
	t.Parallel()
	set := library(t)
	const ticket = `{"id":"5158","priority":"NORMAL","status":"OPEN","organization_id":"8447346622462","requester_id":"1"}`
	for name, c := range map[string]struct{ body, want string }{
		"a ticket":     {zen("zen:event-type:ticket.created", ticket, `{}`), `track "Support Ticket Opened" of zendesk:8447346622462/ at 2026-08-21T00:00:00Z {"priority":"medium","ticket_id":"5158"}`},
		"solved":       {zen("zen:event-type:ticket.status_changed", ticket, `{"previous":"OPEN","current":"SOLVED"}`), `track "Support Ticket Closed" of zendesk:8447346622462/ at 2026-08-21T00:00:00Z {"ticket_id":"5158"}`},
		"closed":       {zen("zen:event-type:ticket.status_changed", ticket, `{"previous":"SOLVED","current":"CLOSED"}`), ""},
		"open again":   {zen("zen:event-type:ticket.status_changed", ticket, `{"previous":"solved","current":"open"}`), `track "Support Ticket Reopened" of zendesk:8447346622462/ at 2026-08-21T00:00:00Z {"ticket_id":"5158"}`},
		"a good one":   {zen("csat", ticket, `{"rating":"Good, I'm satisfied"}`), `track "Support Rated" of zendesk:8447346622462/ at 2026-08-21T00:00:00Z {"csat":"5","ticket_id":"5158"}`},
		"three of 5":   {zen("csat", ticket, `{"rating":3}`), `track "Support Rated" of zendesk:8447346622462/ at 2026-08-21T00:00:00Z {"csat":"3","ticket_id":"5158"}`},
		"a company":    {zen("zen:event-type:organization.created", `{"id":"8","name":"Acme"}`, `{}`), `group "" of zendesk:8/ at 2026-08-21T00:00:00Z {"name":"Acme"}`},
		"a tag":        {zen("zen:event-type:ticket.tags_changed", ticket, `{}`), ""},
		"a user":       {zen("zen:event-type:user.created", `{"id":"8"}`, `{}`), ""},
		"an unwritten": {zen("zen:event-type:organization.tags_changed", `{"id":"8"}`, `{}`), ""},
	} {
		ms := said(t, open(t, "zendesk", sources.Settings{}), post(c.body))
		if got := strings.Join(lines(ms), "\n"); got != c.want {
			t.Errorf("%s: got %s, want %s", name, got, c.want)
		}
		for _, m := range ms {
			if _, err := set.Apply(m.Message); err != nil || m.ID != "cbe4028c" {
				t.Errorf("%s: %q %v", name, m.ID, err)
			}
		}
	}
	for name, body := range map[string]string{
		"of nobody":  zen("zen:event-type:ticket.created", `{"id":"1","organization_id":"0"}`, `{}`),
		"unrated":    zen("csat", ticket, `{"rating":"unoffered"}`),
		"no time":    `{"id":"1","type":"zen:event-type:ticket.created","detail":{"organization_id":1}}`,
		"no company": zen("zen:event-type:organization.created", `7`, `{}`),
	} {
		if ms, refused, err := open(t, "zendesk", sources.Settings{}).Messages(post(body)); len(ms) != 0 || len(refused) != 1 || err != nil {
			t.Errorf("%s: got %v %v %v", name, ms, refused, err)
		}
	}
	if _, _, err := open(t, "zendesk", sources.Settings{}).Messages(post(`{"ticket":1}`)); err == nil || !strings.Contains(err.Error(), "webhook") {
		t.Errorf("got %v", err)
	}
}

func inter(topic, item string) string {
	return `{"type":"notification_event","app_id":"a86dr8yl","data":{"type":"notification_event_data","item":` + item + `},"id":"notif_1","topic":"` + topic + `","delivery_attempts":1,"first_sent_at":1789999998,"created_at":1789999998}`
}

func TestWhatIntercomSays(t *testing.T) {
	t.Parallel()
	set := library(t)
	const talk = `{"type":"conversation","id":"9","contacts":{"contacts":[{"id":"5f","external_id":"u-1"}]},"conversation_rating":{"rating":4}}`
	const at = " at 2026-09-21T14:13:18Z "
	for name, c := range map[string]struct{ body, want string }{
		"a conversation": {inter("conversation.user.created", talk), `track "Support Ticket Opened" of /u-1` + at + `{"ticket_id":"9"}`},
		"closed":         {inter("conversation.admin.closed", talk), `track "Support Ticket Closed" of /u-1` + at + `{"ticket_id":"9"}`},
		"rated":          {inter("conversation.rating.added", talk), `track "Support Rated" of /u-1` + at + `{"csat":4,"ticket_id":"9"}`},
		"by its author":  {inter("conversation.user.created", `{"id":"9","source":{"author":{"type":"user","id":"5f"}},"company":{"id":"c","company_id":"acme"}}`), `track "Support Ticket Opened" of acme/5f` + at + `{"ticket_id":"9"}`},
		"answered":       {inter("conversation.admin.replied", talk), ""},
		"a person":       {inter("contact.user.updated", `{"id":"5f","external_id":"u-1","email":"ada@acme.example","name":"Ada","role":"user","location":{"timezone":"Europe/London"},"custom_attributes":{"seats":4},"companies":{"data":[{"id":"c"}]}}`), `identify "" of c/u-1` + at + `{"email":"ada@acme.example","name":"Ada","seats":4,"timezone":"Europe/London"}`},
		"a company":      {inter("company.updated", `{"id":"c","company_id":"acme","name":"Acme","plan":{"name":"Team"},"custom_attributes":{"seats":4,"id":9}}`), `group "" of acme/` + at + `{"name":"Acme","plan":"Team","seats":4}`},
		"deleted":        {inter("contact.deleted", `{"id":"5f"}`), ""},
		"of our own":     {inter("admin.logged_in", `{}`), ""},
		"a ping":         {`{"type":"notification_event","topic":"ping","data":{"item":{"type":"ping"}}}`, ""},
	} {
		ms := said(t, open(t, "intercom", sources.Settings{}), post(c.body))
		if got := strings.Join(lines(ms), "\n"); got != c.want {
			t.Errorf("%s: got %s, want %s", name, got, c.want)
		}
		for _, m := range ms {
			if _, err := set.Apply(m.Message); err != nil || m.ID != "notif_1" {
				t.Errorf("%s: %q %v", name, m.ID, err)
			}
		}
	}
	for name, body := range map[string]string{
		"of nobody": inter("conversation.user.created", `{"id":"9","source":{"author":{"type":"bot","id":"5f"}}}`),
		"no time":   `{"id":"n","topic":"company.created","data":{"item":{"id":"c"}}}`,
	} {
		if ms, refused, err := open(t, "intercom", sources.Settings{}).Messages(post(body)); len(ms) != 0 || len(refused) != 1 || err != nil {
			t.Errorf("%s: got %v %v %v", name, ms, refused, err)
		}
	}
}

func TestWhatSegmentsWebhookSays(t *testing.T) {
	t.Parallel()
	a := open(t, "segment", sources.Settings{})
	ms := said(t, a, post(`{"type":"track","event":"Plan Cancelled","userId":"u-1","messageId":"m1","timestamp":"2026-01-01T00:00:00Z","properties":{"plan":"team"},"context":{"groupId":"acme"}}`))
	if got := strings.Join(lines(ms), ""); got != `track "Plan Cancelled" of acme/u-1 at 2026-01-01T00:00:00Z {"plan":"team"}` || ms[0].ID != "m1" {
		t.Errorf("got %s", got)
	}
	if ms, refused, err := a.Messages(post(`{"type":"page","userId":"u-1"}`)); len(ms) != 0 || len(refused) != 1 || refused[0].Place != "type" || err != nil {
		t.Errorf("got %v", ms)
	}
	if _, refused, err := a.Messages(post(`{"type":"track","event":"x"}`)); len(refused) != 1 || err != nil {
		t.Errorf("got %v %v", refused, err)
	}
}
