package telemetry

import (
	"regexp"
	"slices"
	"sync"
)

// mostValues is how many values a label may have; those after them are other.
const mostValues = 200

// other stands for values that are too many, or no words.
const other = "other"

// word is what names of playbooks, channels, outcomes and doors look like: never an
// address, a sentence or a name of two words.
var word = regexp.MustCompile(`^(GET |POST )?[A-Za-z0-9_./{}()$:-]{0,64}$`)

// values are the values that labels have had, so that nobody who chooses names can
// fill the memory, here or in Prometheus.
type values struct {
	mu   sync.Mutex
	seen map[[2]string]map[string]bool
}

func newValues() *values { return &values{seen: map[[2]string]map[string]bool{}} }

// all are the values of the labels of a metric that may stand.
func (v *values) all(metric string, labels []string) []string {
	out := slices.Clone(labels)
	v.mu.Lock()
	defer v.mu.Unlock()
	for i, label := range labels {
		key := [2]string{metric, string(rune('0' + i))}
		switch {
		case v.seen[key][label]:
		case !word.MatchString(label), len(v.seen[key]) >= mostValues:
			out[i] = other
		default:
			if v.seen[key] == nil {
				v.seen[key] = map[string]bool{}
			}
			v.seen[key][label] = true
		}
	}
	return out
}
