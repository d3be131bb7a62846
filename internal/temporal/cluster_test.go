package temporal

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"math/big"
	"strings"
	"testing"

	"holdfast"
)

func TestTLSOfACluster(t *testing.T) {
	t.Parallel()
	secret, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.CreateCertificate(rand.Reader, &x509.Certificate{SerialNumber: big.NewInt(1)}, &x509.Certificate{SerialNumber: big.NewInt(1)}, secret.Public(), secret)
	if err != nil {
		t.Fatal(err)
	}
	pkcs8, err := x509.MarshalPKCS8PrivateKey(secret)
	if err != nil {
		t.Fatal(err)
	}
	cert := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
	key := pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: pkcs8})

	for what, c := range map[string]struct {
		cert, key, ca []byte
		secret        bool
		wrong         string
		pairs         int
		plain, roots  bool
	}{
		"nothing":              {plain: true},
		"an API key alone":     {secret: true},
		"an authority alone":   {ca: cert, roots: true},
		"all":                  {cert: cert, key: key, ca: cert, secret: true, pairs: 1, roots: true},
		"no key":               {cert: cert, wrong: "belong together"},
		"no certificate":       {key: key, wrong: "belong together"},
		"not a certificate":    {cert: []byte("x"), key: key, wrong: "the client's certificate"},
		"an authority of none": {ca: []byte("x"), wrong: "HOLDFAST_TEMPORAL_TLS_CA holds no certificate"},
	} {
		conf, err := ClusterTLS(c.cert, c.key, c.ca, c.secret)
		if c.wrong != "" {
			if holdfast.CodeOf(err) != holdfast.Invalid || !strings.Contains(err.Error(), c.wrong) {
				t.Errorf("%s: got %v, want %q", what, err, c.wrong)
			}
			continue
		}
		if err != nil || (conf == nil) != c.plain {
			t.Errorf("%s: got %v, %v", what, conf, err)
			continue
		}
		if conf != nil && (len(conf.Certificates) != c.pairs || (conf.RootCAs != nil) != c.roots || conf.InsecureSkipVerify) {
			t.Errorf("%s: %d certificates, roots %v", what, len(conf.Certificates), conf.RootCAs != nil)
		}
	}
}
