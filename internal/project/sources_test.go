package project_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"holdfast/internal/project"
)

const sourceSettings = "project: p\nsender: {name: S, email: s@example.com}\n---\nschema: account\nfields: {seats: int, plan: string}\n---\nobject: subscription\nof: account\nkey: subscription_id\nfields: {seats: int}\n"

func loadSource(t *testing.T, text string, settings ...string) (*project.Project, []string) {
	t.Helper()
	dir := t.TempDir()
	if err := os.Mkdir(filepath.Join(dir, "sources"), 0o700); err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{"holdfast.yaml": strings.Replace(sourceSettings, "\n", "\n"+strings.Join(settings, ""), 1), "sources/app.yaml": text} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	p, found, err := project.Load(dir)
	if err != nil {
		t.Fatal(err)
	}
	var said []string
	for _, d := range found {
		said = append(said, strings.TrimPrefix(d.String(), dir+string(filepath.Separator)))
	}
	return p, said
}

func TestASourceSaysWhatMayComeIn(t *testing.T) {
	t.Parallel()
	p, said := loadSource(t, "source: app\nkind: segment\nallow: {events: [Login, Feature *], fields: [seats], objects: subscription}\n---\nsource: billing\nkind: stripe\nsecret: stripe_live\nallow: {events: []}\n")
	if len(said) > 0 {
		t.Fatal(said)
	}
	want := &project.Source{Name: "app", Kind: "segment", Allow: project.Allow{
		Events: []string{"Login", "Feature *"}, Fields: []string{"seats"}, Objects: []string{"subscription"},
	}}
	if d := cmp.Diff(want, p.Source("app"), cmpopts.IgnoreFields(project.Source{}, "At", "Settings")); d != "" {
		t.Error(d)
	}
	if s := p.Source("billing"); s == nil || s.Secret != "stripe_live" || s.Allow.Fields != nil {
		t.Errorf("got %+v", s)
	}
	if after, off := p.Silence("billing"); off || !after.Zero() {
		t.Errorf("nobody says when it is silent: %v, %v", after, off)
	}
	if p.Source("nobody") != nil {
		t.Error("there is a source that nobody wrote")
	}
}

func TestASourceOrTheProjectSaysWhenItIsSilent(t *testing.T) {
	t.Parallel()
	const two = "source: a\nkind: segment\nallow: {events: []}\n---\nsource: b\nkind: segment\nallow: {events: []}\nsilence: "
	for _, c := range []struct{ project, own, want string }{
		{"", "off", "import  false, a  false, b  true"},
		{"silence: 2d\n", "6h", "import 2d false, a 2d false, b 6h false"},
		{"silence: off\n", "learned", "import  true, a  true, b  false"},
	} {
		p, said := loadSource(t, two+c.own, c.project)
		if len(said) > 0 {
			t.Error(said)
		}
		var got []string
		for _, name := range []string{"import", "a", "b"} {
			after, off := p.Silence(name)
			got = append(got, fmt.Sprint(name, " ", after.Text, " ", off))
		}
		if strings.Join(got, ", ") != c.want {
			t.Errorf("%q, %s: %s, want %s", c.project, c.own, strings.Join(got, ", "), c.want)
		}
	}
	if _, said := loadSource(t, two+"off", "silence: never\n"); !strings.Contains(strings.Join(said, ""), `silence cannot be "never"`) {
		t.Error(said)
	}
}

func TestASourceThatIsWrongIsToldWhere(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"source: system\nkind: segment\nallow: {events: []}\n":                                                                       `1:9: error: "system" is a name of Holdfast's own [bad-name]`,
		"source: My App\nkind: segment\nallow: {events: []}\n":                                                                       `1:9: error: "My App" cannot be the name of a source [bad-name]`,
		"source: app\nkind: sagment\nallow: {events: []}\n":                                                                          `2:7: error: kind cannot be "sagment" [unknown-choice]`,
		"source: app\nallow: {events: []}\n":                                                                                         `1:1: error: source app needs kind [missing-key]`,
		"source: app\nkind: segment\n":                                                                                               `1:1: error: source app needs allow [missing-key]`,
		"source: app\nkind: segment\nallow: {fields: [seats]}\n":                                                                     `3:8: error: allow needs events [missing-key]`,
		"source: app\nkind: stripe\nallow: {events: []}\n":                                                                           `1:1: error: source app needs secret [missing-key]`,
		"source: app\nkind: stripe\nsecret: sk_live-1\nallow: {events: []}\n":                                                        `3:9: error: secret cannot be "sk_live-1" [wrong-type]`,
		"source: app\nkind: segment\nallow: {events: [Login, approval.granted]}\n":                                                   `3:25: error: events with a dot, such as approval.granted, come from holdfast alone [reserved-event]`,
		"source: app\nkind: segment\nallow: {events: [Login], fields: [seat]}\n":                                                     `3:35: error: unknown field "seat" [unknown-field]`,
		"source: app\nkind: segment\nallow: {events: [Login], objects: [subscriptions]}\n":                                           `3:36: error: unknown object "subscriptions" [unknown-object]`,
		"source: app\nkind: segment\nalow: {events: [Login]}\nallow: {events: []}\n":                                                 `3:1: error: unknown key "alow" in a source [unknown-key]`,
		"source: a\nkind: segment\nallow: {events: []}\n---\nsource: a\nkind: segment\nallow: {events: []}\n":                        `5:9: error: there is another source "a" [duplicate-name]`,
		"source: app\nkind: webhook\nallow: {events: []}\n":                                                                          `1:1: error: source app needs signature [missing-key]`,
		"source: app\nkind: stripe\nsecret: s\nsignature: strype\nallow: {events: []}\n":                                             `4:12: error: signature cannot be "strype" [unknown-choice]`,
		"source: app\nkind: hubspot\nsecret: s\nids: mine\nallow: {events: []}\n":                                                    `4:6: error: ids cannot be "mine" [unknown-choice]`,
		"source: app\nkind: segment\nallow: {events: []}\nsilence: 5bd\n":                                                            `4:10: error: silence cannot be "5bd": an hour is the least [bad-duration]`,
		"source: app\nkind: segment\nallow: {events: []}\nsilence: 30m\n":                                                            `4:10: error: silence cannot be "30m": an hour is the least [bad-duration]`,
		"source: app\nkind: segment\nallow: {events: []}\nsilence: no\n":                                                             `4:10: error: silence cannot be "no": an hour is the least [bad-duration]`,
		"source: app\nkind: cloudevents\nsignature: token\nallow: {events: []}\n":                                                    `1:1: error: source app needs secret [missing-key]`,
		"source: app\nkind: webhook\nsecret: s\nsignature: token\nallow: {events: [A]}\nmapping:\n  - {event: B, account: body.a}\n": `7:13: error: the source may not send "B" [unknown-event]`,
		"source: app\nkind: webhook\nsecret: s\nsignature: token\nallow: {events: [A]}\nmapping:\n  - {event: A, account: body.a, when: body.a == 1 && account.seats > 1}\n": `7:54: error: when sees what was sent alone, not account [out-of-scope]`,
	} {
		_, said := loadSource(t, text)
		if !strings.Contains(strings.Join(said, "\n"), "sources/app.yaml:"+want) {
			t.Errorf("%q:\n got %q\nwant %q", text, said, want)
		}
	}
}

func TestASourceSaysHowItIsRead(t *testing.T) {
	t.Parallel()
	p, said := loadSource(t, "source: crm\nkind: hubspot\nids: shared\nsecret: hub\nallow: {events: []}\n---\n"+
		"source: shop\nkind: webhook\nsecret: shop\nsignature: standard-webhooks\nallow: {events: [Plan *]}\nmapping:\n  - {event: Plan Changed, account: body.id}\n  - {event: {cel: body.type}, account: body.id}\n")
	if len(said) > 0 {
		t.Fatal(said)
	}
	crm, shop := p.Source("crm").Settings, p.Source("shop").Settings
	if !crm.SharedIDs || crm.Signature != nil || crm.Mapping != nil {
		t.Errorf("crm: %+v", crm)
	}
	if shop.Signature == nil || shop.Signature.Scheme != "standard-webhooks" || shop.Mapping == nil || len(shop.Mapping.Events) != 1 {
		t.Errorf("shop: %+v", shop)
	}
}

func TestAnAllowListIsHeldAgainstNames(t *testing.T) {
	t.Parallel()
	a := project.Allow{Events: []string{"Login", "Feature *", "*ed *ly", "a*a"}}
	for name, want := range map[string]bool{
		"Login": true, "login": false, "Logins": false, "Feature Used": true, "Feature ": true, "A Feature Used": false,
		"Saved quickly": true, "Saved": false, "aa": true, "a": false, "aba": true,
		"approval.granted": false, "Feature approval.granted": false, "": false,
	} {
		if a.Event(name) != want {
			t.Errorf("%q: got %v", name, !want)
		}
	}
	all := project.Allow{Events: []string{"*"}}
	if !all.Event("anything") || all.Event("email.replied") || !all.Field("x") || !all.Object("y") {
		t.Error("all is not all but our own events")
	}
	if none := (project.Allow{Fields: []string{}}); none.Event("Login") || none.Field("x") {
		t.Error("a list that names nothing allows something")
	}
}
