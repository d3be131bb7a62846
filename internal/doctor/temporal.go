package doctor

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net"
	"slices"
	"strings"

	"go.temporal.io/api/serviceerror"

	"holdfast"
	"holdfast/internal/app"
	"holdfast/internal/config"
	"holdfast/internal/store"
	"holdfast/internal/temporal"
)

const whyTemporal = "it keeps the time of every enrollment: without it nothing moves, though events are still taken in"

// cluster looks at the Temporal cluster that the environment names.
func cluster(ctx context.Context, v *visit) {
	env := v.Env.Temporal
	if env.Address == "" {
		if env != (config.Temporal{}) {
			v.wrong("the environment says how to use a Temporal cluster, and not where it is", "a server does not start so",
				"set HOLDFAST_TEMPORAL_ADDRESS, or unset the other HOLDFAST_TEMPORAL_ variables")
			return
		}
		v.ok("the engine inside is used; HOLDFAST_TEMPORAL_ADDRESS names no other")
		return
	}
	o, err := app.Cluster(v.Env, v.log)
	if err != nil {
		v.broken(err, whyTemporal, "name files that are there, in PEM, which holdfast may read")
		return
	}
	host, _, err := net.SplitHostPort(env.Address)
	if err != nil {
		v.wrong(fmt.Sprintf("HOLDFAST_TEMPORAL_ADDRESS, %q, is no address: %v", env.Address, err), whyTemporal, "write host:port, such as temporal.internal:7233")
		return
	}
	conn, err := (&net.Dialer{}).DialContext(ctx, "tcp", env.Address)
	if err != nil {
		v.wrong(fmt.Sprintf("nothing answers at %s: %v", env.Address, rootOf(err)), whyTemporal,
			"check host and port in HOLDFAST_TEMPORAL_ADDRESS, that the cluster runs, and that no firewall is between")
		return
	}
	if o.TLS != nil {
		err = misfit(ctx, conn, host, o.TLS)
	}
	_ = conn.Close() // nothing was entrusted to it
	if err != nil {
		v.unfit(env, err)
		return
	}
	c, err := temporal.Client(ctx, o)
	if err != nil {
		v.unanswered(env, err)
		return
	}
	defer c.Close()
	id, err := temporal.NamespaceID(ctx, c, env.Namespace)
	if err != nil {
		if holdfast.CodeOf(err) == holdfast.NotFound {
			v.broken(err, "workflows live in a namespace, and holdfast makes none in a cluster of others", "")
			if env.Namespace == "" {
				v.found[len(v.found)-1].What += ", which is the one while HOLDFAST_TEMPORAL_NAMESPACE is not set"
				return
			}
			v.readFrom("HOLDFAST_TEMPORAL_NAMESPACE")
			return
		}
		v.unanswered(env, err)
		return
	}
	if bound := v.bound(ctx); bound != "" && bound != id {
		v.wrong(fmt.Sprintf("the enrollments of this store run in another namespace (%s) than this one (%s)", bound, id),
			"a second engine would know nothing of what runs in the first, so a server refuses to start",
			"set HOLDFAST_TEMPORAL_ADDRESS and HOLDFAST_TEMPORAL_NAMESPACE to those that were used before")
		return
	}
	v.ok("the cluster at " + env.Address + " answers, and has the namespace")
}

// unanswered explains a port that is open and a server that does not let us in.
func (v *visit) unanswered(env config.Temporal, err error) {
	_, denied := errors.AsType[*serviceerror.PermissionDenied](err)
	said := rootOf(err).Error()
	switch {
	case denied || strings.Contains(said, "Unauthenticated") || strings.Contains(strings.ToLower(said), "unauthorized") || strings.Contains(said, "PermissionDenied"):
		fix := "set HOLDFAST_TEMPORAL_API_KEY, or HOLDFAST_TEMPORAL_TLS_CERT and _KEY, as the cluster wants"
		if env.APIKey != "" {
			fix = "check that the key of HOLDFAST_TEMPORAL_API_KEY is whole, has not expired, and is for this namespace"
		} else if env.TLSCert != "" {
			fix = "check that the cluster trusts who signed the certificate of HOLDFAST_TEMPORAL_TLS_CERT"
		}
		v.wrong(fmt.Sprintf("the cluster at %s does not let us in: %s", env.Address, said), whyTemporal, fix)
	case strings.Contains(said, "x509"), strings.Contains(said, "certificate"):
		v.unfit(env, err)
	default:
		v.wrong(fmt.Sprintf("what answers at %s is no Temporal server, or wants another kind of connection: %s", env.Address, said), whyTemporal,
			"check the port, and whether it wants TLS (HOLDFAST_TEMPORAL_TLS_CA) or plain text (none of the TLS variables, no API key)")
	}
}

// unfit explains a server that does not take our certificate, or whose we do not take.
func (v *visit) unfit(env config.Temporal, err error) {
	v.wrong(fmt.Sprintf("the certificates do not fit at %s: %s", env.Address, rootOf(err)), whyTemporal,
		"set HOLDFAST_TEMPORAL_TLS_CA to who signed the server's certificate, and HOLDFAST_TEMPORAL_TLS_CERT and _KEY to one that it trusts")
}

// bound is the namespace that the store's enrollments run in, "" while unknown.
func (v *visit) bound(ctx context.Context) (id string) {
	if v.store == nil {
		return ""
	}
	err := v.store.View(ctx, func(tx store.Tx) (err error) {
		id, err = tx.MetaGet("engine")
		return err
	})
	if err != nil {
		return "" // the database's check has said so
	}
	return id
}

// rootOf is the innermost of err: what was found, without who found it.
func rootOf(err error) error {
	for {
		inner := errors.Unwrap(err)
		if inner == nil {
			return err
		}
		err = inner
	}
}

// ports tries the doors of the engine inside without the certificate that it asks
// for: other users of this machine could otherwise start and read workflows.
func ports(ctx context.Context, v *visit) {
	const why = "whoever is let in may read and change every running enrollment"
	if v.Env.Temporal.Address != "" {
		return // others guard it
	}
	all, err := temporal.Ports(v.Dir)
	if err != nil {
		v.wrong(err.Error(), why, "let the user that runs holdfast read the data directory")
		return
	}
	if len(all) == 0 {
		v.note("the engine inside does not run, so that its ports were not tried", why, "run holdfast doctor beside a running server")
		return
	}
	refused := 0
	for _, name := range slices.Sorted(maps.Keys(all)) {
		in, err := temporal.LetsIn(ctx, all[name])
		switch {
		case err != nil:
			v.wrong(fmt.Sprintf("the port of the engine's %s does not answer: %v", name, rootOf(err)), whyTemporal, "start holdfast server again; its log says why")
		case in:
			v.wrong(fmt.Sprintf("the port of the engine's %s at %s answers callers without a certificate", name, all[name]), why,
				"stop the server, and run an unchanged holdfast")
		default:
			refused++
		}
	}
	if refused == len(all) {
		v.ok(fmt.Sprintf("all %d ports of the engine inside refuse a caller without its certificate", refused))
	}
}
