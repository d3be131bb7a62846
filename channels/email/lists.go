package email

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/sendgrid/rest"
	"github.com/sendgrid/sendgrid-go"

	"holdfast"
	"holdfast/channels"
)

// The lists of addresses that SendGrid itself writes to no more.
const (
	Bounces      = "bounces"        // the mailbox is not there
	Invalid      = "invalid_emails" // the address is none
	Complaints   = "spam_reports"   // called spam
	Unsubscribed = "unsubscribes"   // the global list, in which Suppress puts
)

// ListPage is how many entries one Read brings at most.
const ListPage = 200

// Listed is an entry of a list.
type Listed struct {
	Email string // in small letters
	At    time.Time
}

// Lists are SendGrid's suppression lists
// (https://www.twilio.com/docs/sendgrid/api-reference/suppressions-suppressions).
// Its key needs the right to read and change suppressions. Safe for concurrent
// use. Errors are those of a Channel; what they prove is about the change.
type Lists struct {
	key, base string
	http      *rest.Client
}

// NewLists takes Key, URL and Timeout of cfg, as New does.
func NewLists(cfg Config) (*Lists, error) {
	c, err := New(cfg)
	if err != nil {
		return nil, err
	}
	return &Lists{key: c.cfg.Key, base: c.cfg.URL, http: c.http}, nil
}

// Read is what was put into a list from since on, from the offset-th entry on; at
// most ListPage entries, fewer when these are the last.
func (l *Lists) Read(ctx context.Context, list string, since time.Time, offset int) ([]Listed, error) {
	query := map[string]string{"limit": strconv.Itoa(ListPage), "offset": strconv.Itoa(offset)}
	if !since.IsZero() {
		query["start_time"] = strconv.FormatInt(since.Unix(), 10)
	}
	res, err := l.call(ctx, rest.Get, "/v3/suppression/"+list, query, nil, http.StatusOK)
	if err != nil {
		return nil, err
	}
	var found []struct {
		Email   string `json:"email"`
		Created int64  `json:"created"`
	}
	if err := json.Unmarshal([]byte(res.Body), &found); err != nil {
		return nil, &holdfast.DeliveryError{Channel: name, Reason: "unreadable_answer", Refused: true, Err: fmt.Errorf("SendGrid's list %s is not as it should be", list)}
	}
	out := make([]Listed, 0, len(found))
	for _, f := range found {
		out = append(out, Listed{Email: strings.ToLower(strings.TrimSpace(f.Email)), At: time.Unix(f.Created, 0).UTC()})
	}
	return out, nil
}

// Suppress puts addresses into the global list. Those that are in it stay.
func (l *Lists) Suppress(ctx context.Context, addresses []string) error {
	body, err := json.Marshal(map[string][]string{"recipient_emails": addresses})
	if err != nil {
		return err
	}
	_, err = l.call(ctx, rest.Post, "/v3/asm/suppressions/global", nil, body, http.StatusCreated)
	return err
}

// Lift takes an address out of a list. One that is not in it is a success.
func (l *Lists) Lift(ctx context.Context, list, address string) error {
	path := "/v3/suppression/" + list + "/"
	if list == Unsubscribed {
		path = "/v3/asm/suppressions/global/"
	}
	_, err := l.call(ctx, rest.Delete, path+url.QueryEscape(address), nil, nil, http.StatusNoContent)
	if errors.Is(err, errNotThere) {
		return nil
	}
	return err
}

// errNotThere is an answer 404.
var errNotThere = errors.New("not there")

func (l *Lists) call(ctx context.Context, method rest.Method, path string, query map[string]string, body []byte, want int) (*rest.Response, error) {
	req := sendgrid.GetRequest(l.key, path, l.base) // one for each call: see Deliver
	req.Method, req.QueryParams, req.Body = method, query, body
	watched, attempt := channels.Watch(ctx, name)
	res, err := l.http.SendWithContext(watched, req)
	if res == nil {
		return nil, attempt.Broken(ctx, err)
	}
	if res.StatusCode == want {
		return res, nil
	}
	said := answer(res)
	if res.StatusCode == http.StatusNotFound {
		said = errors.Join(errNotThere, said)
	}
	d := attempt.Answered(res.StatusCode, res.Headers, time.Time{}, said)
	if res.StatusCode == http.StatusUnauthorized || res.StatusCode == http.StatusForbidden {
		d.Err = errors.Join(errors.New("the SendGrid API key needs the right to read and change suppressions"), d.Err)
	}
	return nil, d
}
