package app_test

import (
	"errors"
	"net/http"
	"slices"
	"testing"
	"time"

	cloudevents "github.com/cloudevents/sdk-go/v2"
	"github.com/cloudevents/sdk-go/v2/binding"
	cehttp "github.com/cloudevents/sdk-go/v2/protocol/http"
)

// The SDK of the specification's makers sends one event in each mode, twice: it is
// one message.
func TestTheCloudEventsSDKIsTakenInEveryMode(t *testing.T) {
	t.Parallel()
	o := openOutside(t)
	event := func(id string) cloudevents.Event {
		e := cloudevents.NewEvent()
		e.SetID(id)
		e.SetSource("urn:acme:billing")
		e.SetType("com.acme.Größe geändert")
		e.SetSubject("initech")
		e.SetTime(time.Now().Add(-time.Minute))
		e.SetExtension("tenant", "t1")
		if err := e.SetData(cloudevents.ApplicationJSON, map[string]any{"plan": "team", "seats": 4}); err != nil {
			t.Fatal(err)
		}
		return e
	}
	for _, token := range []string{"other", "bus"} {
		c, err := cloudevents.NewClientHTTP(cehttp.WithTarget(o.url+"/in/bus"), cehttp.WithHeader("Authorization", "Bearer "+token))
		if err != nil {
			t.Fatal(err)
		}
		for range 2 {
			for _, mode := range []func() error{
				func() error { return c.Send(binding.WithForceStructured(t.Context()), event("1")) },
				func() error { return c.Send(binding.WithForceBinary(t.Context()), event("1")) },
				func() error {
					r, err := cehttp.NewHTTPRequestFromEvents(t.Context(), o.url+"/in/bus", []cloudevents.Event{event("1"), event("2")})
					if err != nil {
						return err
					}
					r.Header.Set("Authorization", "Bearer "+token)
					res, err := http.DefaultClient.Do(r)
					if err != nil {
						return err
					}
					defer res.Body.Close() //nolint:errcheck // there is nothing to read
					if res.StatusCode != http.StatusOK {
						return errors.New(res.Status)
					}
					return nil
				},
			} {
				if err := mode(); cloudevents.IsACK(err) != (token == "bus") {
					t.Errorf("with the token %s: %v", token, err)
				}
			}
		}
	}
	if es := o.events("initech"); !slices.Equal(es, []string{"bus: track com acme Größe geändert", "bus: track com acme Größe geändert"}) {
		t.Errorf("got %v, want two messages", es)
	}
}
