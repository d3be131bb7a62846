package conductor_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"holdfast"
	"holdfast/internal/conductor"
)

func TestAScriptIsTakenAtItsMomentsAndGoesOnAfterARestart(t *testing.T) {
	t.Parallel()
	play(t, inMemory, func(t *testing.T, st *stage) {
		var msgs []holdfast.Message
		for _, m := range []int{90, 0, 20, 45, 200} { // minutes, out of order
			msgs = append(msgs, holdfast.Message{ID: fmt.Sprint(m), At: t0.Add(time.Duration(m) * time.Minute)})
		}
		boom := errors.New("boom")
		take := func(_ context.Context, some []holdfast.Message) error {
			for _, m := range some {
				if m.ID == "90" && st.Busy == nil { // the first process fails here
					return boom
				}
				st.say("%s", m.ID)
			}
			return nil
		}
		run := func() error {
			script := conductor.NewScript(st.store, "file", msgs, take)
			script.Every = time.Hour
			st.Sources = []conductor.Source{script}
			return st.Run(t.Context())
		}
		if err := run(); !errors.Is(err, boom) {
			t.Fatalf("got %v, want boom", err)
		}
		st.Busy = func() int { return 0 }
		if err := run(); err != nil {
			t.Fatal(err)
		}
		st.want(t, "0s 0", "1h0m0s 20", "1h0m0s 45", "2h0m0s 90", "4h0m0s 200")
	})
}
