package doctor_test

import (
	"strings"
	"testing"

	"holdfast/internal/config"
)

// What a server ends with is told before its first start too.
func TestSettingsThatAServerDoesNotStartWith(t *testing.T) {
	t.Parallel()
	c := newClinic(t, "")
	c.says("settings", "ok: ")
	for _, tc := range []struct {
		env   config.Environment
		words string
	}{
		{config.Environment{Migrate: "maybe"}, `wrong: HOLDFAST_MIGRATE is "maybe"; expected on or off (`},
		{config.Environment{LinkKeys: []string{"a"}}, "wrong: key 1 of HOLDFAST_LINK_KEYS has 1 characters; 32 is the least (draw one with: openssl rand -base64 32)"},
		{config.Environment{Worker: config.Worker{Concurrency: "abc"}}, `wrong: HOLDFAST_WORKER_CONCURRENCY is "abc"; expected `},
		{config.Environment{Worker: config.Worker{Rate: "-1"}}, `wrong: HOLDFAST_WORKER_RATE is "-1"; expected `},
		{config.Environment{TraceEndpoint: "foo"}, "wrong: OTEL_EXPORTER_OTLP_ENDPOINT is no address of a collector (write http://collector:4318)"},
		{config.Environment{OperationsToken: "x"}, "wrong: HOLDFAST_OPERATIONS_TOKEN has 1 characters; 16 is the least (draw one with: openssl rand -hex 24)"},
	} {
		c.doctor.Env = tc.env
		c.says("settings", tc.words)
		if said := c.all(); strings.Count(said, "wrong: ") != 1 {
			t.Errorf("it is not said once:\n%s", said)
		}
	}
	c.doctor.Env = config.Environment{Worker: config.Worker{Concurrency: "0", Rate: "NaN"}, Migrate: "off"}
	c.says("settings", "HOLDFAST_WORKER_CONCURRENCY", "HOLDFAST_WORKER_RATE")
}

// Doors are opened before the first start as after it, and nothing is made for that.
func TestDoorsBeforeTheFirstStart(t *testing.T) {
	t.Parallel()
	c := newClinic(t, "")
	c.says("database", "note: ", "holds no data")
	c.says("doors", "ok: 1 doors open")
	c.says("database", "note: ", "holds no data")
	c.doctor.Env.SlackAppToken, c.doctor.Env.SendGridEventKey = "", "not base64"
	c.says("doors", "wrong: ", "HOLDFAST_SENDGRID_EVENT_KEY")
}
