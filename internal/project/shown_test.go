package project_test

import (
	"strings"
	"testing"
)

func TestATextMayNameWhatSomebodySets(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ name, trigger, text, want string }{
		{"a field", "on: Account Saved", "{{ account.plan }}", ""},
		{"a field that is none", "on: Account Saved", "{{ account.plam }}", `unknown variable "account.plam" [unknown-variable]`},
		{"a field of another root", "on: Account Saved", "{{ contact.arr }}", `unknown variable "contact.arr" [unknown-variable]`},
		{"the owner", "on: Account Saved", "{{ owner.email }}", ""},
		{"what an owner has not", "on: Account Saved", "{{ owner.phone }}", `unknown variable "owner.phone" [unknown-variable]`},
		{"the project", "on: Account Saved", "{{ project.sender.name }}", ""},
		{"the event", "on: Account Saved", "{{ event.reason }} {{ event.at | date }}", ""},
		{"another event's field", "on: Account Saved", "{{ event.topics }}", `unknown variable "event.topics" [unknown-variable]`},
		{"an event that is not there", "when: account.logo", "{{ event.reason }}", `unknown variable "event.reason" [unknown-variable]`},
		{"a step", "on: Account Saved", "{{ steps.call.outcome }}", ""},
		{"an answer", "on: Account Saved", "{{ steps.call.mood }}", ""},
		{"an answer that nobody gives", "on: Account Saved", "{{ steps.call.moood }}", `unknown variable "steps.call.moood" [unknown-variable]`},
		{"a long answer is kept out of texts", "on: Account Saved", "{{ steps.call.notes }}", `unknown variable "steps.call.notes" [unknown-variable]`},
		{"a step without its root", "on: Account Saved", "{{ call.mood }}", `unknown variable "call.mood" [unknown-variable]`},
		{"a name of the template's own", "on: Account Saved", "{% assign x = account.plan %}{{ x }}", ""},
		{"an item of a list", "on: Account Saved", "{% for t in account.churn.missing_features %}{{ forloop.index }} {{ t }}{% endfor %}", ""},
		{"an item beyond its list", "on: Account Saved", "{% for t in account.churn.missing_features %}{% endfor %}{{ t }}", `unknown variable "t" [unknown-variable]`},
		{"an object of a list", "on: Account Saved", "{{ sub.plan }} {{ sub.subscription_id }}", ""},
		{"a field that an object has not", "on: Account Saved", "{{ sub.plam }}", `unknown variable "sub.plam" [unknown-variable]`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			dir := write(t, map[string]string{
				"holdfast.yaml":   plain,
				"p.yaml":          "playbook: p\nclass: service\ntrigger: {" + tt.trigger + "}\nsteps:\n  - {id: call, task: Call, form: {mood: {choose: [good, bad]}, notes: {text: long}}}\n  - {id: all, each: subscriptions.first(3), as: sub, steps: [{id: mail, email: hi, to: [contacts.champion]}]}\n",
				"templates/hi.md": "---\nsubject: Hi\n---\n" + tt.text + "\n",
			})
			_, found := lint(t, dir)
			got := strings.Join(found, "\n")
			if tt.want == "" && got != "" || !strings.Contains(got, tt.want) {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}
