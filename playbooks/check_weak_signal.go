package playbooks

import (
	"strings"

	"holdfast/internal/diag"
	"holdfast/rules"
	"holdfast/triggers"
)

var weakSignal = Check{
	Check: diag.Check{
		Name: "weak-signal", Severity: diag.Warning,
		Summary: "A condition starts the playbook on one measurement alone, at once.",
		Why:     "One flag may be noise; several together are a real risk (S14). A single bad week starts a save that the customer did not need, and the next alarm is believed less. A second fact, a score of several signals, or some days of patience (for: 14d) make it one.",
	},
	Run: func(s Subject) {
		nodes := triggerNodes(s.Doc.Get("trigger"))
		for i, t := range s.Playbook.Triggers {
			if t.Kind != triggers.Condition || !t.For.Zero() || i >= len(nodes) || s.Playbook.Class == Transactional {
				continue
			}
			measured := append(s.measures(t.When), s.measures(s.Playbook.When)...)
			if len(measured) == 1 && s.isSignal(measured[0]) {
				s.warn(triggerPlace(s.Doc, nodes[i]), "ask for a second signal with &&, or add for: 14d", "%s alone starts this, and one signal may be noise", measured[0].Name)
			}
		}
	},
}

// measures are what e compares, apart from states such as status == "active".
func (s Subject) measures(e *rules.Expr) []rules.Subject {
	var out []rules.Subject
	for _, q := range e.Subjects() {
		if !q.Choice || strings.HasPrefix(q.Name, "score.") {
			out = append(out, q)
		}
	}
	return out
}

// isSignal reports whether q measures what a customer does or feels: a metric, a
// number of the account that is no amount, a score of one signal.
func (s Subject) isSignal(q rules.Subject) bool {
	if name, ok := strings.CutPrefix(q.Name, "score."); ok {
		name, _, _ = strings.Cut(name, ".")
		return s.Rules.Signals(name) == 1
	}
	if strings.Contains(q.Name, "metric.") {
		return !strings.Contains(q.Name, "quiet_days(") // days of silence are patience already
	}
	number := q.Type == rules.Int || q.Type == rules.Double || q.Type == rules.Percent
	return number && strings.HasPrefix(q.Name, "account.") && !q.Opaque
}
