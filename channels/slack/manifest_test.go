package slack_test

import (
	"bytes"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	slackgo "github.com/slack-go/slack"
	"gopkg.in/yaml.v3"
)

const manifestFile = "../../deploy/slack/manifest.yaml"

// manifest is deploy/slack/manifest.yaml; a key that Slack does not know fails.
func manifest(t *testing.T, text []byte) (m slackgo.Manifest, err error) {
	t.Helper()
	d := yaml.NewDecoder(bytes.NewReader(text))
	d.KnownFields(true)
	return m, d.Decode(&m)
}

// scopesOf each method of the library that we call, by the pages of docs.slack.dev/reference/methods;
// of any in a list one is enough for its kind of conversation, and we need them all.
var scopesOf = map[string][]string{
	"PostMessage":            {"chat:write"},
	"PostEphemeral":          {"chat:write"},
	"UpdateMessage":          {"chat:write"},
	"OpenConversation":       {"im:write"},
	"GetConversationHistory": {"im:history", "channels:history", "groups:history"},
	"GetConversations":       {"channels:read", "groups:read"},
	"OpenView":               {},
	"PublishView":            {},
	"AuthTest":               {},
}

func TestTheManifestCoversWhatWeDo(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile(manifestFile)
	if err != nil {
		t.Fatal(err)
	}
	m, err := manifest(t, text)
	if err != nil {
		t.Fatal(err)
	}
	needed := []string{"commands"}
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	called := map[string]bool{}
	for _, file := range files {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		code, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range regexp.MustCompile(`\bapi\.(\w+)Context\(`).FindAllStringSubmatch(string(code), -1) {
			scopes, known := scopesOf[c[1]]
			if !known {
				t.Errorf("%s calls %s: say which scopes it takes", file, c[1])
			}
			needed, called[c[1]] = append(needed, scopes...), true
		}
	}
	for name := range scopesOf {
		if !called[name] {
			t.Errorf("nobody calls %s any more", name)
		}
	}
	slices.Sort(needed)
	given := slices.Clone(m.OAuthConfig.Scopes.Bot)
	slices.Sort(given)
	if needed = slices.Compact(needed); !slices.Equal(needed, given) {
		t.Errorf("scopes %v, want %v: no more and no fewer", given, needed)
	}
}

func TestTheManifestIsOneThatSlackTakes(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile(manifestFile)
	if err != nil {
		t.Fatal(err)
	}
	m, err := manifest(t, text)
	if err != nil {
		t.Fatal(err)
	}
	c := m.Features.SlashCommands[0]
	for what, limit := range map[string]int{m.Display.Name: 35, m.Features.BotUser.DisplayName: 80, m.Display.Description: 140, c.Command: 32, c.Description: 2000, c.UsageHint: 1000} {
		if what == "" || len(what) > limit {
			t.Errorf("%q has %d characters, %d are the most", what, len(what), limit)
		}
	}
	const base = "https://holdfast.example.com/hooks/slack/"
	s := m.Settings
	if s.EventSubscriptions.RequestUrl != base+"events" || s.Interactivity.RequestUrl != base+"interact" || c.Url != base+"commands" ||
		!s.Interactivity.IsEnabled || !slices.Equal(s.EventSubscriptions.BotEvents, []string{"app_home_opened"}) || !c.ShouldEscape || !m.Features.AppHome.HomeTabEnabled {
		t.Errorf("the manifest does not lead to our doors: %+v", m)
	}
	for _, wrong := range []string{"display_informations: {name: x}", "settings: {socket_mode: true}", "features: {slash_commands: [{commands: /x}]}"} {
		if _, err := manifest(t, []byte(wrong)); err == nil {
			t.Errorf("%q passes: the judge is blind", wrong)
		}
	}
}
