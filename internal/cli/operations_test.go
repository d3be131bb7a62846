package cli

import (
	"bytes"
	"strings"
	"testing"

	"holdfast"
)

func TestAnAddressThatOthersReachNeedsAToken(t *testing.T) {
	t.Parallel()
	say := newSayer(Streams{Err: &bytes.Buffer{}}, false)
	for _, addr := range []string{":0", "0.0.0.0:0", "[::]:0", "metrics.internal:9090"} {
		o, err := serveOperations(t.Context(), nil, addr, "", say)
		if o != nil || holdfast.CodeOf(err) != holdfast.Invalid || !strings.Contains(err.Error(), "HOLDFAST_OPERATIONS_TOKEN") {
			t.Errorf("%s: got %v, %v", addr, o, err)
		}
	}
	for _, addr := range []string{":0", "127.0.0.1:0"} {
		o, err := serveOperations(t.Context(), nil, addr, "15 characters!!", say)
		if o != nil || holdfast.CodeOf(err) != holdfast.Invalid || !strings.Contains(err.Error(), "HOLDFAST_OPERATIONS_TOKEN has 15 characters; 16 is the least") {
			t.Errorf("a short token at %s: got %v, %v", addr, o, err)
		}
	}
	if _, err := serveOperations(t.Context(), nil, "9090", "", say); holdfast.CodeOf(err) != holdfast.Invalid {
		t.Errorf("no port: %v", err)
	}
	if o, err := serveOperations(t.Context(), nil, "", "", say); o != nil || err != nil {
		t.Errorf("none asked for: %v, %v", o, err)
	}
}

func TestALogIsForWhoReadsIt(t *testing.T) {
	t.Parallel()
	for what, c := range map[string]struct {
		o    runOptions
		want string
	}{
		"a server without a terminal": {runOptions{serves: true}, `"msg":"told"`},
		"dev without a terminal":      {runOptions{}, ""},
		"json":                        {runOptions{logFormat: "json"}, `"msg":"told"`},
		"text":                        {runOptions{serves: true, logFormat: "text"}, ""},
	} {
		var out bytes.Buffer
		log, err := c.o.log(Streams{Err: &out})
		if err != nil {
			t.Fatal(err)
		}
		log.Info("told")
		if (c.want == "") != (out.Len() == 0) || !strings.Contains(out.String(), c.want) {
			t.Errorf("%s: logged %q", what, out.String())
		}
	}
	if _, err := (runOptions{logFormat: "xml"}).log(Streams{}); holdfast.CodeOf(err) != holdfast.Invalid {
		t.Errorf("xml: %v", err)
	}
}
