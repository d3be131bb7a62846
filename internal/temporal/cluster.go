package temporal

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net"
	"time"

	"go.temporal.io/api/serviceerror"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"

	"holdfast"
)

// connectWithin bounds how long a cluster may take to answer at the start.
const connectWithin = 15 * time.Second

// Connect is Client for a cluster that others run: what is wrong with its address
// or namespace is explained. Nothing is made in it.
func Connect(ctx context.Context, o ClientOptions) (client.Client, error) {
	if _, _, err := net.SplitHostPort(o.HostPort); err != nil {
		e := holdfast.Errorf(holdfast.Invalid, "the address of Temporal, %q, is not one: %v", o.HostPort, err)
		e.Hint = "write host:port, such as temporal.internal:7233"
		return nil, e
	}
	ctx, cancel := context.WithTimeout(ctx, connectWithin)
	defer cancel()
	c, err := Client(ctx, o)
	if err != nil {
		e := holdfast.Errorf(holdfast.Unavailable, "no Temporal server answers: %v", err)
		e.Hint = "check the address, whether it wants TLS, and that it runs"
		return nil, e
	}
	if _, err := NamespaceID(ctx, c, o.Namespace); err != nil {
		c.Close()
		return nil, err
	}
	return c, nil
}

// NamespaceID is the id that the cluster gave to a namespace ("" is Namespace): the
// same for its whole life, and no other's.
func NamespaceID(ctx context.Context, c client.Client, namespace string) (string, error) {
	if namespace == "" {
		namespace = Namespace
	}
	d, err := c.WorkflowService().DescribeNamespace(ctx, &workflowservice.DescribeNamespaceRequest{Namespace: namespace})
	if err == nil {
		return d.GetNamespaceInfo().GetId(), nil
	}
	if _, none := errors.AsType[*serviceerror.NamespaceNotFound](err); none {
		e := holdfast.Errorf(holdfast.NotFound, "the Temporal cluster has no namespace %s", namespace)
		e.Hint = "temporal operator namespace create --namespace " + namespace + " --retention 7d"
		return "", e
	}
	return "", holdfast.Errorf(holdfast.Unavailable, "ask Temporal about namespace %s: %v", namespace, err)
}

// ClusterTLS makes what a client needs of PEM texts, each of which may be nil. It
// is nil, plain text, when there is none and no secret to keep.
func ClusterTLS(cert, key, ca []byte, secret bool) (*tls.Config, error) {
	if cert == nil && key == nil && ca == nil && !secret {
		return nil, nil //nolint:nilnil // it is what the SDK takes for plain text
	}
	conf := &tls.Config{MinVersion: tls.VersionTLS12}
	if (cert == nil) != (key == nil) {
		return nil, holdfast.Errorf(holdfast.Invalid, "HOLDFAST_TEMPORAL_TLS_CERT and HOLDFAST_TEMPORAL_TLS_KEY belong together; one of them is set")
	}
	if cert != nil {
		pair, err := tls.X509KeyPair(cert, key)
		if err != nil {
			e := holdfast.Errorf(holdfast.Invalid, "the client's certificate for Temporal: %v", err)
			e.Hint = "set HOLDFAST_TEMPORAL_TLS_CERT and HOLDFAST_TEMPORAL_TLS_KEY to a certificate and its key"
			return nil, e
		}
		conf.Certificates = []tls.Certificate{pair}
	}
	if ca != nil {
		conf.RootCAs = x509.NewCertPool()
		if !conf.RootCAs.AppendCertsFromPEM(ca) {
			return nil, holdfast.Errorf(holdfast.Invalid, "HOLDFAST_TEMPORAL_TLS_CA holds no certificate in PEM")
		}
	}
	return conf, nil
}
