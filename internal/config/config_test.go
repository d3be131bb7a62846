package config_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"holdfast/internal/config"
)

func TestASourceMayHaveSeveralSecretsWhileTheyChange(t *testing.T) {
	t.Setenv(config.SourceVariable("stripe_live"), " whsec_new  whsec_old ")
	t.Setenv("HOLDFAST_SECRET_EMPTY", "")
	got := config.FromEnvironment().SourceSecrets
	want := map[string][]string{"stripe_live": {"whsec_new", "whsec_old"}, "empty": {}}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
}
