//go:build !noembed

package temporal

import (
	"crypto/tls"
	"time"

	"go.temporal.io/server/common/cluster"
	"go.temporal.io/server/common/config"
	"go.temporal.io/server/common/dynamicconfig"
	"go.temporal.io/server/common/membership/static"
	sqliteplugin "go.temporal.io/server/common/persistence/sql/sqlplugin/sqlite"
	"go.temporal.io/server/common/primitives"
	"go.temporal.io/server/common/rpc/encryption"
)

// services of a whole Temporal cluster, all in this process.
var services = []primitives.ServiceName{
	primitives.FrontendService,
	primitives.HistoryService,
	primitives.MatchingService,
	primitives.WorkerService,
}

const clusterName = "active"

// sqlConfig opens file with a write-ahead log and, unless unsynced, a full fsync
// for each commit: what was acknowledged survives a power cut. One connection:
// several only fight for the file's one write lock.
func sqlConfig(file string, unsynced bool) *config.SQL {
	synchronous := "2" // full
	if unsynced {
		synchronous = "1" // normal: the log is synced at checkpoints only
	}
	return &config.SQL{
		PluginName:   sqliteplugin.PluginName,
		DatabaseName: file,
		MaxConns:     1,
		MaxIdleConns: 1,
		ConnectAttributes: map[string]string{
			"mode": "rwc", "journal_mode": "wal", "synchronous": synchronous, "busy_timeout": "10000",
		},
	}
}

func serverConfig(sql *config.SQL, ports map[primitives.ServiceName]int) *config.Config {
	frontend := hostPort(ports[primitives.FrontendService])
	c := &config.Config{
		Persistence: config.Persistence{
			NumHistoryShards: 1, // fixed for the file's life; more bought nothing on one machine
			DefaultStore:     sqliteplugin.PluginName,
			VisibilityStore:  sqliteplugin.PluginName,
			DataStores:       map[string]config.DataStore{sqliteplugin.PluginName: {SQL: sql}},
		},
		ClusterMetadata: &cluster.Config{
			FailoverVersionIncrement: 10,
			MasterClusterName:        clusterName,
			CurrentClusterName:       clusterName,
			ClusterInformation: map[string]cluster.ClusterInformation{
				clusterName: {Enabled: true, InitialFailoverVersion: 1, RPCAddress: frontend},
			},
		},
		DCRedirectionPolicy: config.DCRedirectionPolicy{Policy: "noop"},
		PublicClient:        config.PublicClient{HostPort: frontend}, // the server panics without it
		Services:            make(map[string]config.Service, len(services)),
		Archival: config.Archival{
			History:    config.HistoryArchival{State: "disabled"},
			Visibility: config.VisibilityArchival{State: "disabled"},
		},
		NamespaceDefaults: config.NamespaceDefaults{Archival: config.ArchivalNamespaceDefaults{
			History:    config.HistoryArchivalNamespaceDefaults{State: "disabled"},
			Visibility: config.VisibilityArchivalNamespaceDefaults{State: "disabled"},
		}},
	}
	c.Global.Membership.MaxJoinDuration = 30 * time.Second
	c.Global.Membership.BroadcastAddress = loopback
	for _, s := range services {
		c.Services[string(s)] = config.Service{RPC: config.RPC{GRPCPort: ports[s], BindOnIP: loopback}}
	}
	return c
}

func hosts(ports map[primitives.ServiceName]int) map[primitives.ServiceName]static.Hosts {
	h := make(map[primitives.ServiceName]static.Hosts, len(services))
	for _, s := range services {
		h[s] = static.SingleLocalHost(hostPort(ports[s]))
	}
	return h
}

// knobs are the server's dynamic settings for one small machine.
//
// The two poll rates are how often the server looks for due timers and for tasks
// to hand out: 20 a second by default, which made each step of a lone enrollment
// take 50 ms where 12 are needed. Together with the attempts the timer's also
// keeps a burst of timers from being held up for seconds by the stuck-reader alarm.
func knobs(o Options) dynamicconfig.StaticClient {
	k := dynamicconfig.StaticClient{
		dynamicconfig.HistoryCacheHostLevelMaxSize.Key():        4096,
		dynamicconfig.EventsHostLevelCacheMaxSizeBytes.Key():    32 << 20,
		dynamicconfig.MatchingNumTaskqueueReadPartitions.Key():  1,
		dynamicconfig.MatchingNumTaskqueueWritePartitions.Key(): 1,
		dynamicconfig.QueueReaderStuckCriticalAttempts.Key():    1000,
		dynamicconfig.TimerProcessorMaxPollRPS.Key():            500,
		dynamicconfig.TransferProcessorMaxPollRPS.Key():         500,
	}
	if o.FastTimers {
		k[dynamicconfig.TimerProcessorMaxTimeShift.Key()] = 10 * time.Millisecond
	}
	if o.suggestAfter > 0 {
		k[dynamicconfig.HistoryCountSuggestContinueAsNew.Key()] = o.suggestAfter
	}
	return k
}

// keys is the server's TLS provider: every port asks for the one certificate.

var _ encryption.TLSConfigProvider = keys{}

// GetInternodeServerConfig guards the ports between the services.
func (k keys) GetInternodeServerConfig() (*tls.Config, error) { return k.server, nil }

// GetInternodeClientConfig is how services call each other.
func (k keys) GetInternodeClientConfig() (*tls.Config, error) { return k.client, nil }

// GetFrontendServerConfig guards the port that clients use.
func (k keys) GetFrontendServerConfig() (*tls.Config, error) { return k.server, nil }

// GetFrontendClientConfig is how the server's own workers call it.
func (k keys) GetFrontendClientConfig() (*tls.Config, error) { return k.client, nil }

// GetRemoteClusterClientConfig is asked for the one cluster there is: this one.
func (k keys) GetRemoteClusterClientConfig(string) (*tls.Config, error) { return k.client, nil }

// GetExpiringCerts is empty: the certificate dies with the process.
func (keys) GetExpiringCerts(time.Duration) (expiring, expired encryption.CertExpirationMap, err error) {
	return nil, nil, nil
}
