package checks

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"helm.sh/helm/v4/pkg/chart/common"
	"helm.sh/helm/v4/pkg/chart/common/util"
	"helm.sh/helm/v4/pkg/chart/v2/lint"
	"helm.sh/helm/v4/pkg/chart/v2/lint/support"
	"helm.sh/helm/v4/pkg/chart/v2/loader"
	"helm.sh/helm/v4/pkg/engine"
	"sigs.k8s.io/yaml"
)

const chartDir = root + "helm/holdfast"

// given are the values in a file of the chart's ci directory.
func given(t *testing.T, name string) map[string]any {
	t.Helper()
	return valuesOf(t, slurp(t, filepath.Join(chartDir, "ci", name)))
}

func valuesOf(t *testing.T, text string) map[string]any {
	t.Helper()
	values := map[string]any{}
	if err := yaml.UnmarshalStrict([]byte(text), &values); err != nil {
		t.Fatal(err)
	}
	return values
}

// render is what helm template does with the chart.
func render(values map[string]any) (map[string]string, error) {
	chart, err := loader.Load(chartDir)
	if err != nil {
		return nil, err
	}
	caps := *common.DefaultCapabilities
	if caps.KubeVersion, err = kubeVersion("v1.30.0"); err != nil {
		return nil, err
	}
	all, err := util.ToRenderValues(chart, values, common.ReleaseOptions{Name: "retention", Namespace: "success", Revision: 1, IsInstall: true}, &caps)
	if err != nil {
		return nil, err
	}
	return engine.Engine{Strict: true}.Render(chart, all)
}

func kubeVersion(version string) (common.KubeVersion, error) {
	v, err := common.ParseKubeVersion(version)
	if err != nil {
		return common.KubeVersion{}, err
	}
	return *v, nil
}

// eachValues runs fn with each file of values in the chart's ci directory.
func eachValues(t *testing.T, fn func(t *testing.T, name string)) {
	t.Helper()
	files, err := os.ReadDir(filepath.Join(chartDir, "ci"))
	if err != nil {
		t.Fatal(err)
	}
	if len(files) < 4 {
		t.Errorf("only %d files of values", len(files))
	}
	for _, f := range files {
		t.Run(f.Name(), func(t *testing.T) {
			t.Parallel()
			fn(t, f.Name())
		})
	}
}

func TestTheChartPassesHelmsLint(t *testing.T) {
	t.Parallel()
	eachValues(t, func(t *testing.T, name string) {
		for _, m := range lint.RunAll(chartDir, given(t, name), "success").Messages {
			if m.Severity >= support.WarningSev {
				t.Error(m)
			}
		}
	})
}

func TestTheChartRefusesWhatCannotBeMeant(t *testing.T) {
	t.Parallel()
	for values, says := range map[string]string{
		`{}`:                       "image.repository is not set",
		`{image: {repository: r}}`: "temporal.address is not set",
		`{image: {repository: r}, temporal: {address: temporal}}`:                                   "/temporal/address",
		`{image: {repository: r}, temporal: {address: "t:7233"}, mode: both}`:                       "/mode",
		`{image: {repository: r}, temporal: {address: "t:7233"}, worker: {replica: 2}}`:             "replica",
		`{image: {repository: r, digest: latest}, temporal: {address: "t:7233"}}`:                   "/image/digest",
		`{image: {repository: r}, temporal: {address: "t:7233"}, ingress: {enabled: true}}`:         "ingress.host is not set",
		`{image: {repository: r}, mode: single, single: {persistence: {whenDeleted: Sometimes}}}`:   "/single/persistence/whenDeleted",
		`{image: {repository: r}, mode: single, terminationGracePeriodSeconds: 1}`:                  "/terminationGracePeriodSeconds",
		`{image: {repository: r}, mode: single, env: {"NO SPACE": x}}`:                              "NO SPACE",
		`{image: {repository: r}, mode: single, secrets: {environment: Under_Score}}`:               "/secrets/environment",
		`{image: {repository: r}, mode: single, networkPolicy: {egressPorts: [70000]}}`:             "/networkPolicy/egressPorts",
		`{image: {repository: r}, mode: single, operations: {podMonitor: {enabled: "yes please"}}}`: "/operations/podMonitor/enabled",
	} {
		_, err := render(valuesOf(t, values))
		if err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%s: %v; want a refusal that says %q", values, err, says)
		}
	}
}

// TestEveryValueIsDescribed holds values.yaml and its schema together: a value
// that one of them has and the other has not is a value that cannot be set.
func TestEveryValueIsDescribed(t *testing.T) {
	t.Parallel()
	var schema map[string]any
	if err := yaml.Unmarshal([]byte(slurp(t, chartDir+"/values.schema.json")), &schema); err != nil {
		t.Fatal(err)
	}
	compareKeys(t, "", valuesOf(t, slurp(t, chartDir+"/values.yaml")), schema, schema)
}

func compareKeys(t *testing.T, path string, values, schema, whole map[string]any) {
	t.Helper()
	if ref, ok := schema["$ref"].(string); ok {
		definitions, _ := whole["definitions"].(map[string]any)
		schema, _ = definitions[strings.TrimPrefix(ref, "#/definitions/")].(map[string]any)
	}
	properties, ok := schema["properties"].(map[string]any)
	if !ok || schema["additionalProperties"] != false {
		return // free keys, such as labels
	}
	for key := range properties {
		if _, ok := values[key]; !ok && key != "global" && key != "claims" && key != "requests" && key != "limits" {
			t.Errorf("values.yaml does not show %s%s", path, key)
		}
	}
	for key, value := range values {
		property, ok := properties[key].(map[string]any)
		if !ok {
			t.Errorf("values.schema.json does not know %s%s", path, key)
			continue
		}
		if below, ok := value.(map[string]any); ok {
			compareKeys(t, path+key+".", below, property, whole)
		}
	}
}
