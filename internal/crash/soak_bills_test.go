package crash

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"holdfast/internal/clock"
)

// billingSecret signs what Stripe posts.
const billingSecret = "whsec_of_the_soak_test"

// stripe posts invoices until ctx ends: signed, some of them again, and some that
// nobody of Stripe has signed.
func (s *sender) stripe(ctx context.Context) {
	type posted struct {
		w    *word
		body []byte
	}
	var before []posted
	for clock.Sleep(ctx, time.Duration(400+s.draw.IntN(1200))*time.Millisecond) == nil {
		w := word{source: "billing", kind: "track", event: "Invoice Payment Failed", account: s.book.account(s.draw.IntN), at: clock.System{}.Now().Truncate(time.Second)}
		kind, secret, old := "invoice.payment_failed", billingSecret, time.Duration(0)
		switch n := s.draw.IntN(20); {
		case n < 6:
			w.event, kind = "Invoice Paid", "invoice.paid"
		case n == 6:
			w.bad, secret = true, "whsec_of_somebody_else"
		case n == 7:
			w.bad, old = true, 10*time.Minute
		case n < 11 && len(before) > 0:
			again := before[s.draw.IntN(len(before))]
			s.deliver(ctx, []*word{again.w}, "/in/billing", again.body, signedBy(billingSecret, again.body, 0))
			continue
		}
		one := posted{w: s.book.word(w)}
		one.body = invoice(one.w, kind)
		if a := s.deliver(ctx, []*word{one.w}, "/in/billing", one.body, signedBy(secret, one.body, old)); w.bad && a.status != 0 && a.status != http.StatusUnauthorized {
			s.t.Errorf("an invoice that Stripe did not sign was answered %d", a.status)
		}
		if !w.bad {
			before = append(before, one)
		}
	}
}

// invoice is an event of Stripe's.
func invoice(w *word, kind string) []byte {
	body, _ := json.Marshal(map[string]any{
		"object": "event", "id": w.id, "type": kind, "created": w.at.Unix(),
		"data": map[string]any{"object": map[string]any{
			"object": "invoice", "id": "in_" + w.id, "customer": "cus_" + w.account, "currency": "usd", "amount_due": 1200, "attempt_count": 1,
			"parent": map[string]any{"subscription_details": map[string]any{"metadata": map[string]any{"account_id": w.account}, "subscription": "sub_" + w.account}},
		}},
	})
	return body
}

// signedBy signs each try anew, as Stripe does, at a moment that is old already.
func signedBy(secret string, body []byte, old time.Duration) func() http.Header {
	return func() http.Header {
		at := clock.System{}.Now().Add(-old).Unix()
		sum := hmac.New(sha256.New, []byte(secret))
		fmt.Fprintf(sum, "%d.%s", at, body)
		return http.Header{"Stripe-Signature": {fmt.Sprintf("t=%d,v1=%s", at, hex.EncodeToString(sum.Sum(nil)))}, "Content-Type": {"application/json"}}
	}
}

// table hands accounts and their contacts in as an operator does, by holdfast import.
type table struct {
	h              *house
	book           *book
	draw           *rand.Rand
	given, dir     int
	tries, cut     int
	accounts, mail string // files
}

// next writes the tables of n more accounts.
func (i *table) next(t *testing.T, dir string, n int) (names []string) {
	var accounts, contacts strings.Builder
	accounts.WriteString("id,name,owner\n")
	contacts.WriteString("id,account,email,first_name,role\n")
	for range n {
		name := fmt.Sprintf("customer-%04d", i.given)
		names = append(names, name)
		fmt.Fprintf(&accounts, "%s,Customer %d,sam\n", name, i.given)
		fmt.Fprintf(&contacts, "dana-%d,%s,dana@customer-%d.example,Dana,champion\n", i.given, name, i.given)
		i.given++
	}
	i.dir++
	i.accounts = filepath.Join(dir, fmt.Sprintf("accounts-%d.csv", i.dir))
	i.mail = filepath.Join(dir, fmt.Sprintf("contacts-%d.csv", i.dir))
	for file, text := range map[string]string{i.accounts: accounts.String(), i.mail: contacts.String()} {
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Error(err)
		}
	}
	return names
}

// run imports tables until ctx ends, every ten seconds. One import in four is killed
// on its way, and all are tried again until they say that they are done.
func (i *table) run(ctx context.Context, t *testing.T, dir string) {
	for clock.Sleep(ctx, 10*time.Second) == nil {
		names := i.next(t, dir, 15)
		for ctx.Err() == nil && (!i.take(ctx, i.accounts, "accounts") || !i.take(ctx, i.mail, "contacts")) {
			_ = clock.Sleep(ctx, time.Second)
		}
		if ctx.Err() == nil {
			i.book.met(names)
		}
	}
}

func (i *table) take(ctx context.Context, file, as string) bool {
	i.tries++
	ctx = context.WithoutCancel(ctx)
	if i.draw.IntN(4) == 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, time.Duration(i.draw.IntN(1500))*time.Millisecond) // which kills it
		defer cancel()
	}
	cmd := exec.CommandContext(ctx, "holdfast", "import", "--live", "--as", as, "--dir", i.h.data, "--project", i.h.project, file)
	cmd.Env = i.h.env
	err := cmd.Run()
	if ctx.Err() != nil {
		i.cut++
	}
	return err == nil
}
