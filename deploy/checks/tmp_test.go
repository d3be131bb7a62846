package checks

import (
	_ "github.com/compose-spec/compose-go/v2/cli"
	_ "github.com/coreos/go-systemd/v22/unit"
	_ "github.com/moby/buildkit/frontend/dockerfile/instructions"
	_ "github.com/moby/buildkit/frontend/dockerfile/linter"
	_ "github.com/moby/buildkit/frontend/dockerfile/parser"
	_ "github.com/prometheus/prometheus/model/rulefmt"
	_ "github.com/prometheus/prometheus/promql/parser"
	_ "helm.sh/helm/v4/pkg/engine"
	_ "helm.sh/helm/v4/pkg/chart/v2/lint"
	_ "helm.sh/helm/v4/pkg/action"
	_ "k8s.io/api/apps/v1"
	_ "k8s.io/apimachinery/pkg/runtime"
	_ "sigs.k8s.io/yaml"
)
