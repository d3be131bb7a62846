package app

import (
	"context"
	"fmt"
	"log/slog"
	"os"

	"go.temporal.io/sdk/client"

	"holdfast"
	"holdfast/internal/config"
	"holdfast/internal/store"
	"holdfast/internal/temporal"
	"holdfast/internal/transfer"
)

// inherit ends the leases of relays that are dead: in a directory of its own this
// process is the only one, and what its predecessor had in hand need not wait for
// their end.
func (a *App) inherit(ctx context.Context) error {
	if a.dir.Store() == temporal.StorePostgres {
		return nil
	}
	return a.Store.Update(ctx, func(tx store.Tx) error { return tx.UnleaseAll() })
}

// engine connects to Temporal: the cluster that the environment names, or the
// server inside, which it starts.
func (a *App) engine(ctx context.Context) error {
	if a.cfg.Env.Temporal.Address == "" {
		if a.cfg.Env.Temporal != (config.Temporal{}) {
			e := holdfast.Errorf(holdfast.Invalid, "the environment says how to use a Temporal cluster, and not where it is")
			e.Hint = "set HOLDFAST_TEMPORAL_ADDRESS, or unset the other HOLDFAST_TEMPORAL_ variables"
			return e
		}
		server, err := temporal.Start(ctx, temporal.Options{Dir: a.dir.Path(), FastTimers: a.cfg.Virtual != nil, Unsynced: a.cfg.Virtual != nil, Logger: a.log})
		if err != nil {
			return err
		}
		a.onStop(func() error { server.Stop(); return nil })
		a.reach = func(keys *temporal.PayloadKeys) (client.Client, error) {
			return temporal.Client(ctx, temporal.ClientOptions{HostPort: server.HostPort(), TLS: server.TLS(), Keys: keys, Logger: a.log, Metrics: a.cfg.Telemetry.Engine()})
		}
	} else {
		o, err := cluster(a.cfg.Env.Temporal, a.log)
		if err != nil {
			return err
		}
		a.reach = func(keys *temporal.PayloadKeys) (client.Client, error) {
			o.Keys, o.Metrics = keys, a.cfg.Telemetry.Engine()
			return temporal.Connect(ctx, o)
		}
	}
	keys, err := temporal.ParsePayloadKeys(a.cfg.Env.PayloadKeys)
	if err != nil {
		return err
	}
	if a.client, err = a.reach(keys); err != nil {
		return err
	}
	a.onStop(func() error { a.client.Close(); return nil })
	if err := a.marry(ctx); err != nil {
		return err
	}
	return a.fitKeys(ctx, keys)
}

// cluster is what the environment says of Temporal.
func cluster(env config.Temporal, log *slog.Logger) (o temporal.ClientOptions, err error) {
	o = temporal.ClientOptions{HostPort: env.Address, Namespace: env.Namespace, APIKey: env.APIKey, Logger: log}
	files := map[string][]byte{}
	for name, path := range map[string]string{"TLS_CERT": env.TLSCert, "TLS_KEY": env.TLSKey, "TLS_CA": env.TLSCA} {
		if path == "" {
			continue
		}
		if files[name], err = os.ReadFile(path); err != nil {
			return o, fmt.Errorf("HOLDFAST_TEMPORAL_%s: %w", name, err)
		}
	}
	o.TLS, err = temporal.ClusterTLS(files["TLS_CERT"], files["TLS_KEY"], files["TLS_CA"], env.APIKey != "")
	return o, err
}

// marry binds the store to the namespace whose workflows its enrollments are. A
// second engine would take rows from the first, and know nothing of what runs there.
// Where both are in the one directory nothing can come between them, and the
// namespace is noted for a store that is copied from here.
func (a *App) marry(ctx context.Context) error {
	id, err := temporal.NamespaceID(ctx, a.client, a.cfg.Env.Temporal.Namespace)
	if err != nil {
		return err
	}
	inside := a.cfg.Env.Temporal.Address == "" && a.cfg.Env.DatabaseURL == ""
	var bound string
	var ran bool
	err = a.Store.Update(ctx, func(tx store.Tx) (err error) {
		if ran, err = transfer.RanIn(tx, id); err != nil || ran {
			return err
		}
		if bound, err = tx.MetaGet(transfer.MetaEngine); err != nil || bound == id || bound != "" && !inside {
			return err
		}
		bound = id
		return tx.MetaSet(transfer.MetaEngine, id)
	})
	if err != nil || bound == id && !ran {
		return err
	}
	if ran {
		e := holdfast.Errorf(holdfast.Conflict, "the enrollments of this store ran in Temporal namespace %s before they were copied, and may run there still", id)
		e.Hint = "use another namespace; with the embedded engine, another data directory"
		return e
	}
	e := holdfast.Errorf(holdfast.Conflict, "the enrollments of this store run in another Temporal namespace (%s) than this one (%s)", bound, id)
	e.Hint = "name the data directory and the cluster that it was used with before"
	return e
}
