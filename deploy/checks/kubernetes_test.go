package checks

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"

	monitoring "github.com/prometheus-operator/prometheus-operator/pkg/apis/monitoring/v1"
	apps "k8s.io/api/apps/v1"
	autoscaling "k8s.io/api/autoscaling/v2"
	batch "k8s.io/api/batch/v1"
	core "k8s.io/api/core/v1"
	networking "k8s.io/api/networking/v1"
	policy "k8s.io/api/policy/v1"
	meta "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/serializer"
	"k8s.io/apimachinery/pkg/util/intstr"
)

// decoder knows what the chart makes, and refuses a field that is not there.
func decoder(t *testing.T) runtime.Decoder {
	t.Helper()
	scheme := runtime.NewScheme()
	for _, add := range []func(*runtime.Scheme) error{
		apps.AddToScheme, autoscaling.AddToScheme, batch.AddToScheme, core.AddToScheme,
		networking.AddToScheme, policy.AddToScheme, monitoring.AddToScheme,
	} {
		if err := add(scheme); err != nil {
			t.Fatal(err)
		}
	}
	return serializer.NewCodecFactory(scheme, serializer.EnableStrict).UniversalDeserializer()
}

// manifests are the objects that the chart makes of the values in a file.
func manifests(t *testing.T, name string) []runtime.Object {
	t.Helper()
	rendered, err := render(given(t, name))
	if err != nil {
		t.Fatal(err)
	}
	var objects []runtime.Object
	for file, text := range rendered {
		if strings.HasSuffix(file, ".txt") {
			continue
		}
		for _, doc := range strings.Split("\n"+text, "\n---") {
			if withoutComments(doc) == "" {
				continue
			}
			object, _, err := decoder(t).Decode([]byte(doc), nil, nil)
			if err != nil {
				t.Errorf("%s: %v in\n%s", file, err, doc)
				continue
			}
			objects = append(objects, object)
		}
	}
	return objects
}

func withoutComments(doc string) string {
	var lines []string
	for line := range strings.Lines(doc) {
		if line = strings.TrimSpace(line); line != "" && !strings.HasPrefix(line, "#") {
			lines = append(lines, line)
		}
	}
	return strings.Join(lines, "\n")
}

func TestADecoderThatIsStrict(t *testing.T) {
	t.Parallel()
	for _, doc := range []string{
		"apiVersion: v1\nkind: Service\nmetadata: {name: a}\nspec: {selectors: {a: b}}\n",
		"apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: a}\nspec: {replicas: two}\n",
		"apiVersion: monitoring.coreos.com/v1\nkind: PodMonitor\nmetadata: {name: a}\nspec: {podMetricsEndpoint: []}\n",
		"apiVersion: extensions/v1beta1\nkind: Ingress\nmetadata: {name: a}\n",
	} {
		if _, _, err := decoder(t).Decode([]byte(doc), nil, nil); err == nil {
			t.Errorf("no complaint about\n%s", doc)
		}
	}
}

// pod is a pod that the chart makes, and who makes it.
type pod struct {
	kind, name string
	labels     map[string]string
	selector   *meta.LabelSelector // how its maker finds it; nil: by itself
	spec       core.PodSpec
}

func podsOf(objects []runtime.Object) []pod {
	var pods []pod
	for _, o := range objects {
		switch o := o.(type) {
		case *apps.Deployment:
			pods = append(pods, pod{"Deployment", o.Name, o.Spec.Template.Labels, o.Spec.Selector, o.Spec.Template.Spec})
		case *apps.StatefulSet:
			pods = append(pods, pod{"StatefulSet", o.Name, o.Spec.Template.Labels, o.Spec.Selector, o.Spec.Template.Spec})
		case *batch.Job:
			pods = append(pods, pod{"Job", o.Name, o.Spec.Template.Labels, nil, o.Spec.Template.Spec})
		}
	}
	return pods
}

// finds returns the pods that a selector finds.
func finds(t *testing.T, pods []pod, selector *meta.LabelSelector) []pod {
	t.Helper()
	s, err := meta.LabelSelectorAsSelector(selector)
	if err != nil {
		t.Fatal(err)
	}
	var found []pod
	for _, p := range pods {
		if s.Matches(labels.Set(p.labels)) {
			found = append(found, p)
		}
	}
	return found
}

// port of a pod, by its name or number.
func (p pod) port(want intstr.IntOrString) bool {
	return slices.ContainsFunc(p.spec.Containers, func(c core.Container) bool {
		return slices.ContainsFunc(c.Ports, func(has core.ContainerPort) bool {
			return want.Type == intstr.String && has.Name == want.StrVal || want.Type == intstr.Int && has.ContainerPort == want.IntVal
		})
	})
}

// TestWhatTheChartMakesFitsTogether: each selector finds what it is meant for and
// no more, and each port that is named is one that a container has.
func TestWhatTheChartMakesFitsTogether(t *testing.T) {
	t.Parallel()
	eachValues(t, func(t *testing.T, name string) {
		objects := manifests(t, name)
		pods := podsOf(objects)
		names := map[string]bool{}
		for _, p := range pods {
			names[p.kind+"/"+p.name] = true
			if p.selector != nil {
				if found := finds(t, pods, p.selector); len(found) != 1 || found[0].name != p.name {
					t.Errorf("%s %s finds %d kinds of pods, want its own", p.kind, p.name, len(found))
				}
			}
		}
		one := func(what string, selector *meta.LabelSelector) pod {
			found := finds(t, pods, selector)
			if len(found) != 1 {
				t.Fatalf("%s finds %d kinds of pods, want one", what, len(found))
			}
			return found[0]
		}
		services := map[string]*core.Service{}
		for _, o := range objects {
			switch o := o.(type) {
			case *core.Service:
				services[o.Name] = o
				p := one("Service "+o.Name, &meta.LabelSelector{MatchLabels: o.Spec.Selector})
				for _, port := range o.Spec.Ports {
					if !p.port(port.TargetPort) {
						t.Errorf("Service %s: %s has no port %s", o.Name, p.name, port.TargetPort.String())
					}
				}
			case *policy.PodDisruptionBudget:
				one("PodDisruptionBudget "+o.Name, o.Spec.Selector)
			case *networking.NetworkPolicy:
				p := one("NetworkPolicy "+o.Name, &o.Spec.PodSelector)
				for _, rule := range o.Spec.Ingress {
					for _, port := range rule.Ports {
						if !p.port(*port.Port) {
							t.Errorf("NetworkPolicy %s: %s has no port %s", o.Name, p.name, port.Port.String())
						}
					}
				}
			case *autoscaling.HorizontalPodAutoscaler:
				if ref := o.Spec.ScaleTargetRef; !names[ref.Kind+"/"+ref.Name] {
					t.Errorf("HorizontalPodAutoscaler %s scales %s %s, which is not there", o.Name, ref.Kind, ref.Name)
				}
			case *monitoring.PodMonitor:
				found := finds(t, pods, &o.Spec.Selector)
				if len(found) == 0 {
					t.Errorf("PodMonitor %s finds nothing", o.Name)
				}
				for _, p := range found {
					for _, e := range o.Spec.PodMetricsEndpoints {
						if !p.port(intstr.FromString(*e.Port)) {
							t.Errorf("PodMonitor %s: %s has no port %s", o.Name, p.name, *e.Port)
						}
					}
				}
			}
		}
		for _, o := range objects {
			if in, ok := o.(*networking.Ingress); ok {
				for _, path := range in.Spec.Rules[0].HTTP.Paths {
					to := path.Backend.Service
					if s := services[to.Name]; s == nil || !slices.ContainsFunc(s.Spec.Ports, func(p core.ServicePort) bool { return p.Name == to.Port.Name }) {
						t.Errorf("Ingress %s leads to %s port %q, which is not there", path.Path, to.Name, to.Port.Name)
					}
				}
			}
		}
	})
}

// TestPodsAreLockedDown: what Kubernetes' own "restricted" standard asks for, and
// probes, limits and mounts that are right.
// https://kubernetes.io/docs/concepts/security/pod-security-standards/
func TestPodsAreLockedDown(t *testing.T) {
	t.Parallel()
	eachValues(t, func(t *testing.T, name string) {
		objects := manifests(t, name)
		claims := map[string]bool{}
		for _, o := range objects {
			if s, ok := o.(*apps.StatefulSet); ok {
				for _, c := range s.Spec.VolumeClaimTemplates {
					claims[c.Name] = true
				}
			}
		}
		for _, p := range podsOf(objects) {
			for _, wrong := range unsafe(p, claims) {
				t.Errorf("%s %s: %s", p.kind, p.name, wrong)
			}
		}
	})
}

func unsafe(p pod, claims map[string]bool) (wrong []string) {
	say := func(bad bool, format string, args ...any) {
		if bad {
			wrong = append(wrong, fmt.Sprintf(format, args...))
		}
	}
	s := p.spec.SecurityContext
	say(s == nil || s.RunAsNonRoot == nil || !*s.RunAsNonRoot || *s.RunAsUser == 0, "may be root")
	say(s == nil || s.SeccompProfile == nil || s.SeccompProfile.Type != core.SeccompProfileTypeRuntimeDefault, "no seccomp profile")
	say(p.spec.AutomountServiceAccountToken == nil || *p.spec.AutomountServiceAccountToken, "has a token for Kubernetes")
	say(p.spec.HostNetwork || p.spec.HostPID || p.spec.HostIPC, "shares the host's namespaces")
	volumes := map[string]bool{}
	for _, v := range p.spec.Volumes {
		say(v.HostPath != nil, "mounts the host's %s", v.Name)
		volumes[v.Name] = true
	}
	for _, c := range p.spec.Containers {
		cs := c.SecurityContext
		say(cs == nil || cs.AllowPrivilegeEscalation == nil || *cs.AllowPrivilegeEscalation, "may gain privileges")
		say(cs == nil || cs.ReadOnlyRootFilesystem == nil || !*cs.ReadOnlyRootFilesystem, "may write its image")
		say(cs == nil || cs.Capabilities == nil || !slices.Equal(cs.Capabilities.Drop, []core.Capability{"ALL"}) || len(cs.Capabilities.Add) > 0, "keeps capabilities")
		say(c.Resources.Limits.Memory().IsZero() || c.Resources.Requests.Memory().IsZero() || c.Resources.Requests.Cpu().IsZero(), "no limit and request of memory and CPU")
		for _, m := range c.VolumeMounts {
			say(!volumes[m.Name] && !claims[m.Name], "mounts %s, which is no volume", m.Name)
		}
		if p.kind == "Job" {
			continue
		}
		for kind, probe := range map[string]*core.Probe{"startup": c.StartupProbe, "liveness": c.LivenessProbe, "readiness": c.ReadinessProbe} {
			if probe == nil || probe.HTTPGet == nil || !p.port(probe.HTTPGet.Port) {
				say(true, "its %s probe asks nothing that is there", kind)
				continue
			}
			want := "/healthz"
			if kind == "readiness" {
				want = "/readyz"
			}
			say(probe.HTTPGet.Path != want, "its %s probe asks %s, want %s", kind, probe.HTTPGet.Path, want)
		}
	}
	return wrong
}

// TestSecretsGoToWhomTheyAreFor: the relay and the migration send nothing, so they get no provider's key.
func TestSecretsGoToWhomTheyAreFor(t *testing.T) {
	t.Parallel()
	for _, p := range podsOf(manifests(t, "everything-values.yaml")) {
		c := p.spec.Containers[0]
		sends := strings.HasSuffix(p.name, "-server") || strings.HasSuffix(p.name, "-worker")
		if got := len(c.EnvFrom) > 0; got != sends {
			t.Errorf("%s has the providers' keys: %v", p.name, got)
		}
		for _, e := range c.Env {
			if secret := strings.HasSuffix(e.Name, "_URL") || regexp.MustCompile(`_(KEYS?|TOKEN)$`).MatchString(e.Name) && !strings.HasSuffix(e.Name, "_TLS_KEY"); secret && e.ValueFrom == nil {
				t.Errorf("%s: %s is written where everybody can read it", p.name, e.Name)
			}
		}
	}
}
