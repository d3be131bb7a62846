package temporaltest_test

import (
	"strings"
	"testing"

	"go.temporal.io/sdk/client"

	"holdfast"
	"holdfast/internal/temporal"
	"holdfast/internal/temporal/temporaltest"
)

func TestX(t *testing.T) {
	s := temporaltest.Start(t, "holdfast")
	c, err := temporal.Connect(t.Context(), temporal.ClientOptions{HostPort: s.Address()})
	if err != nil {
		t.Fatal(err)
	}
	id, err := temporal.NamespaceID(t.Context(), c, "")
	t.Log(id, err)
	s.Kill(t)
	s.Restart(t)
	id, err = temporal.NamespaceID(t.Context(), c, "")
	t.Log(id, err)
	_, err = temporal.Connect(t.Context(), temporal.ClientOptions{HostPort: s.Address(), Namespace: "other"})
	t.Log(err)
	_ = client.Options{}
	_ = holdfast.Code("")
	_ = strings.Cut
}
