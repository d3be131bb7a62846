package doctor

import (
	"context"
	"fmt"
	"strings"

	"holdfast/internal/app"
	"holdfast/internal/temporal"
)

// payloads holds the keys by which Temporal's histories are encrypted against those
// with which they were.
func payloads(ctx context.Context, v *visit) {
	const why = "the workflow of an enrollment whose history cannot be read stands still, so that a server does not start"
	keys, err := temporal.ParsePayloadKeys(v.Env.PayloadKeys)
	if err != nil {
		v.broken(err, why, "")
		return
	}
	if v.store == nil || v.virtual {
		return
	}
	missing, err := app.MissingKeys(ctx, v.store, v.Env)
	if err != nil {
		v.broken(err, why, "")
		return
	}
	if len(missing) > 0 {
		v.missing(ctx, missing, why)
		return
	}
	if n := len(keys.IDs()); n > 0 {
		v.ok(fmt.Sprintf("HOLDFAST_PAYLOAD_KEYS has every key that is in use, and %s encrypts", keys.IDs()[0]))
	}
}

// missing says whether a history needs a key that the environment lacks.
func (v *visit) missing(ctx context.Context, ids []string, why string) {
	lacks := "HOLDFAST_PAYLOAD_KEYS lacks key " + strings.Join(ids, ", ")
	back := "put it back, behind the others, until the enrollments that began with it have ended"
	if v.Env.Temporal.Address == "" {
		v.note(lacks+", with which histories of running enrollments may be encrypted", why, back)
		return
	}
	o, err := app.Cluster(v.Env, v.log)
	if err != nil {
		return // the cluster's check has said so, as below
	}
	c, err := temporal.Client(ctx, o)
	if err != nil {
		v.note(lacks+", and the cluster cannot be asked whether one is needed", why, back)
		return
	}
	defer c.Close()
	if err := app.NoneNeeds(ctx, v.store, c, ids); err != nil {
		v.broken(err, why, back)
		return
	}
	v.ok(lacks + ", and nothing that runs needs it")
}
