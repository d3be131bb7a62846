package doctor_test

import (
	"encoding/json"
	"flag"
	"testing"

	"go.temporal.io/sdk/client"

	"holdfast/internal/config"
	"holdfast/internal/store"
	"holdfast/internal/temporal"
	"holdfast/internal/temporal/temporaltest"
	"holdfast/workflows"
)

var elsewhere = flag.Bool("elsewhere", false, "look at Temporal's own server, a process apart; builds that server")

// What the doctor says of Temporal's own server, rather than of one that plays it.
func TestElsewhereTheDoctorIsRight(t *testing.T) {
	t.Parallel()
	if !*elsewhere {
		t.Skip("starts other processes: give -elsewhere")
	}
	server := temporaltest.Start(t, "retention")
	c := newClinic(t, "")
	c.file()
	c.doctor.Env.Temporal = config.Temporal{Address: server.Address(), Namespace: "retention"}
	c.says("temporal", "ok: the cluster at ")
	c.doctor.Env.Temporal.Namespace = "retentoin"
	c.says("temporal", "wrong: the Temporal cluster has no namespace retentoin, as HOLDFAST_TEMPORAL_NAMESPACE says",
		"(temporal operator namespace create --namespace retentoin --retention 7d)")
	c.doctor.Env.Temporal.Namespace = "temporal-system"
	c.remember(func(tx store.Tx) error { return tx.MetaSet("engine", "of-retention") })
	c.says("temporal", "wrong: the enrollments of this store run in another namespace (of-retention) than this one")

	// A key that a running history needs, and the environment lacks.
	c.doctor.Env.Temporal.Namespace = "retention"
	keys, err := temporal.ParsePayloadKeys([]string{keyA})
	if err != nil {
		t.Fatal(err)
	}
	tc, err := temporal.Client(t.Context(), temporal.ClientOptions{HostPort: server.Address(), Namespace: "retention", Keys: keys})
	if err != nil {
		t.Fatal(err)
	}
	defer tc.Close()
	inUse, err := json.Marshal(map[string]string{"a": keys.Sum("a")})
	if err != nil {
		t.Fatal(err)
	}
	c.remember(func(tx store.Tx) error {
		if _, err := tx.Enroll(store.Enrollment{ID: "run", Playbook: "nudge", Account: "acme", EntryKey: "1", StartedAt: c.doctor.Clock.Now()}); err != nil {
			return err
		}
		return tx.MetaSet("payload_keys", string(inUse))
	})
	_, err = tc.ExecuteWorkflow(t.Context(), client.StartWorkflowOptions{ID: "run", TaskQueue: temporal.TaskQueue}, workflows.EnrollmentType, workflows.Input{Enrollment: "run"})
	if err != nil {
		t.Fatal(err)
	}
	c.doctor.Env.PayloadKeys = []string{keyB}
	c.says("payloads", "wrong: HOLDFAST_PAYLOAD_KEYS lacks key a, with which histories of running enrollments are encrypted: run of playbook nudge",
		"(put it back, behind the others")
	c.keepsTo("QUFBQ", "QkJC")
	c.doctor.Env.PayloadKeys = []string{keyB, keyA}
	c.says("payloads", "ok: HOLDFAST_PAYLOAD_KEYS has every key that is in use, and b encrypts")
	if err := tc.TerminateWorkflow(t.Context(), "run", "", "the test is over"); err != nil {
		t.Fatal(err)
	}
	c.remember(func(tx store.Tx) error {
		e, err := tx.Enrollment("run")
		if err != nil {
			return err
		}
		e.Status, e.EndedAt = "ended", c.doctor.Clock.Now()
		return tx.PutEnrollment(e)
	})
	c.doctor.Env.PayloadKeys = nil
	c.says("payloads", "ok: HOLDFAST_PAYLOAD_KEYS lacks key a, and nothing that runs needs it")
}
