package app_test

import (
	"encoding/base64"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"holdfast/internal/store"
)

func TestWhatHubSpotSaysReachesAccountsContactsAndDeals(t *testing.T) {
	t.Parallel()
	o := openOutside(t)
	now := time.Now()
	n := 0
	batch := func(events ...string) string {
		for i := range events {
			n++
			events[i] = fmt.Sprintf(`{"eventId":%d,"portalId":1,"subscriptionId":2,"occurredAt":%d,%s}`, n, now.UnixMilli()-1000+int64(n), events[i])
		}
		return "[" + strings.Join(events, ",") + "]"
	}
	post := func(body string) int {
		stamp := fmt.Sprint(time.Now().UnixMilli())
		sum := sum256("hub", "POST", o.url+"/in/crm?portal=1", body, stamp)
		status, answer := o.post("crm?portal=1", body, "X-HubSpot-Request-Timestamp", stamp, "X-HubSpot-Signature-v3", base64.StdEncoding.EncodeToString(sum))
		if strings.Contains(answer, "dropped") {
			t.Errorf("dropped: %s", answer)
		}
		return status
	}
	first := batch(
		`"subscriptionType":"contact.propertyChange","objectId":55,"propertyName":"email","propertyValue":"ada@acme.example"`,
		`"subscriptionType":"company.propertyChange","objectId":7,"propertyName":"name","propertyValue":"Acme"`,
		`"subscriptionType":"company.propertyChange","objectId":7,"propertyName":"renewal_date","propertyValue":"1822521600000"`,
		`"subscriptionType":"deal.associationChange","associationType":"DEAL_TO_COMPANY","fromObjectId":123,"toObjectId":7`,
	)
	later := batch(
		`"subscriptionType":"contact.associationChange","associationType":"CONTACT_TO_COMPANY","fromObjectId":55,"toObjectId":7`,
		`"subscriptionType":"deal.propertyChange","objectId":123,"propertyName":"dealstage","propertyValue":"closedlost"`,
		`"subscriptionType":"deal.propertyChange","objectId":123,"propertyName":"amount","propertyValue":"5000"`,
	)
	for i, body := range []string{first, later, first, later} {
		if status := post(body); status != http.StatusOK {
			t.Fatalf("%d: got %d", i, status)
		}
	}
	if o.field("7", "name") != "Acme" || o.field("7", "renewal_date") != "2027-10-03" {
		t.Errorf("the account has %s, %s", o.field("7", "name"), o.field("7", "renewal_date"))
	}
	account, deal := o.object("deal", "123")
	if account != "7" || deal["stage"] != "closedlost" || deal["amount"] != "5000" {
		t.Errorf("the deal of %q is %v", account, deal)
	}
	err := o.Store.View(t.Context(), func(tx store.Tx) error {
		c, err := tx.Contact("55")
		if c.Account != "7" || c.Fields["email"].Value != "ada@acme.example" {
			t.Errorf("the contact is of %q, with %v", c.Account, c.Fields)
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
	if es := o.events("7"); len(es) != 7 {
		t.Errorf("got %v, want seven", es)
	}

	// What HubSpot makes one is one here, whatever still comes under the other id.
	one := batch(
		`"subscriptionType":"company.propertyChange","objectId":8,"propertyName":"plan","propertyValue":"team"`,
		`"subscriptionType":"company.merge","objectId":7,"primaryObjectId":7,"mergedObjectIds":[8],"newObjectId":7,"numberOfPropertiesMoved":1`,
		`"subscriptionType":"contact.propertyChange","objectId":56,"propertyName":"title","propertyValue":"CTO"`,
		`"subscriptionType":"contact.merge","objectId":55,"primaryObjectId":55,"mergedObjectIds":[56],"numberOfPropertiesMoved":1`,
		`"subscriptionType":"company.propertyChange","objectId":8,"propertyName":"seats","propertyValue":"12"`,
	)
	for range 2 {
		if status := post(one); status != http.StatusOK {
			t.Fatalf("got %d", status)
		}
	}
	if o.field("7", "name") != "Acme" || o.field("7", "plan") != "team" || o.field("7", "seats") != "12" {
		t.Errorf("after the merge: %s, %s, %s", o.field("7", "name"), o.field("7", "plan"), o.field("7", "seats"))
	}
	err = o.Store.View(t.Context(), func(tx store.Tx) error {
		became, err := tx.Aliases(store.OfContact, []string{"56"})
		if became["56"] != "55" {
			t.Errorf("contact 56 has become %q", became["56"])
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
}
