package tokens_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"holdfast"
	"holdfast/internal/store"
	"holdfast/internal/store/memory"
	"holdfast/internal/tokens"
)

var now = time.Date(2026, 6, 1, 9, 0, 30, 0, time.UTC)

func update(t *testing.T, s store.Store, fn func(tx store.Tx) error) {
	t.Helper()
	if err := s.Update(t.Context(), fn); err != nil {
		t.Fatal(err)
	}
}

// opens says which token a secret opens at a moment, or why none.
func opens(t *testing.T, s store.Store, secret string, at time.Time) (id string) {
	t.Helper()
	update(t, s, func(tx store.Tx) error {
		k, err := tokens.Open(tx, secret, at)
		if holdfast.CodeOf(err) == holdfast.Unauthorized {
			id = err.Error()
			return nil
		}
		id = k.ID
		return err
	})
	return id
}

func TestATokenIsShownOnceAndKeptHashed(t *testing.T) {
	t.Parallel()
	s := memory.New()
	var secret string
	var made store.Token
	update(t, s, func(tx store.Tx) (err error) {
		secret, made, err = tokens.Create(tx, tokens.New{Name: "the app", Scopes: []string{"metrics", "ingest:app", "metrics"}, By: "mira", Expires: now.Add(time.Hour)}, now)
		return err
	})
	if !strings.HasPrefix(secret, "hf_") || len(secret) != 46 || strings.Contains(secret, ":") {
		t.Errorf("got the secret %q", secret)
	}
	if made.Hash == "" || strings.Contains(made.Hash+made.ID, secret[3:13]) {
		t.Error("the secret is kept")
	}
	if d := cmp.Diff([]string{"ingest:app", "metrics"}, made.Scopes); d != "" || tokens.Source(made) != "app" || !tokens.Has(made, "metrics") || tokens.Has(made, "api:read") {
		t.Error(d)
	}
	for at, want := range map[time.Time]string{now: made.ID, now.Add(time.Hour): "the key ended on 2026-06-01"} {
		if got := opens(t, s, secret, at); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
	for _, wrong := range []string{"", secret[:45], secret + "x", "hf_", made.Hash, made.ID} {
		if got := opens(t, s, wrong, now); got != "the key is not known" {
			t.Errorf("%q: got %q", wrong, got)
		}
	}
}

func TestUseIsNotedByTheMinute(t *testing.T) {
	t.Parallel()
	s := memory.New()
	var k store.Token
	update(t, s, func(tx store.Tx) (err error) {
		_, k, err = tokens.Create(tx, tokens.New{Scopes: []string{"metrics"}}, now)
		return err
	})
	for _, c := range []struct{ at, want time.Duration }{{0, -30 * time.Second}, {20 * time.Second, -30 * time.Second}, {time.Minute, 30 * time.Second}, {0, 30 * time.Second}} {
		update(t, s, func(tx store.Tx) error {
			if err := tokens.Used(tx, k, now.Add(c.at)); err != nil {
				return err
			}
			var err error
			k, err = tx.Token(k.ID)
			return err
		})
		if want := now.Add(c.want); !k.UsedAt.Equal(want) {
			t.Errorf("after %s: got %s, want %s", c.at, k.UsedAt, want)
		}
	}
}

// A token that is revoked while a call of it is under way stays revoked.
func TestNotingUseDoesNotBringBackWhatIsRevoked(t *testing.T) {
	t.Parallel()
	s := memory.New()
	update(t, s, func(tx store.Tx) error {
		_, k, err := tokens.Create(tx, tokens.New{Scopes: []string{"metrics"}}, now)
		if err != nil {
			return err
		}
		if err := tokens.Revoke(tx, k.ID, "mira", now); err != nil {
			return err
		}
		if err := tokens.Used(tx, k, now); err != nil {
			return err
		}
		got, err := tx.Token(k.ID)
		if got.RevokedAt.IsZero() || got.UsedAt.IsZero() {
			t.Errorf("got %+v", got)
		}
		return err
	})
}

func TestRotationOverlaps(t *testing.T) {
	t.Parallel()
	s := memory.New()
	var first, second string
	var a, b store.Token
	update(t, s, func(tx store.Tx) (err error) {
		if first, a, err = tokens.Create(tx, tokens.New{Name: "n", Scopes: []string{"ingest:app"}, Expires: now.AddDate(0, 0, 90)}, now); err != nil {
			return err
		}
		second, b, err = tokens.Rotate(tx, a.ID, "leo", 24*time.Hour, now.AddDate(0, 0, 30))
		return err
	})
	later := now.AddDate(0, 0, 30)
	if b.Follows != a.ID || b.Name != "n" || b.CreatedBy != "leo" || !b.ExpiresAt.Equal(later.AddDate(0, 0, 90)) {
		t.Errorf("got %+v", b)
	}
	for at, want := range map[time.Time][2]string{
		later.Add(time.Hour):      {a.ID, b.ID},
		later.Add(25 * time.Hour): {"the key ended on 2026-07-02", b.ID},
	} {
		if got := [2]string{opens(t, s, first, at), opens(t, s, second, at)}; got != want {
			t.Errorf("at %s: got %q, want %q", at, got, want)
		}
	}
	update(t, s, func(tx store.Tx) error { return tokens.Revoke(tx, b.ID, "mira", later) })
	update(t, s, func(tx store.Tx) error { return tokens.Revoke(tx, b.ID, "leo", later.Add(time.Hour)) })
	if got := opens(t, s, second, later); got != "the key was revoked on 2026-07-01" {
		t.Errorf("got %q", got)
	}
	update(t, s, func(tx store.Tx) error {
		if _, _, err := tokens.Rotate(tx, b.ID, "leo", 0, later); holdfast.CodeOf(err) != holdfast.Invalid {
			t.Errorf("a revoked token was rotated: %v", err)
		}
		k, err := tx.Token(b.ID)
		if k.RevokedBy != "mira" {
			t.Errorf("who revoked it first was forgotten: %+v", k)
		}
		return err
	})
}

func TestScopesAreThoseThereAre(t *testing.T) {
	t.Parallel()
	s := memory.New()
	update(t, s, func(tx store.Tx) error {
		for _, bad := range [][]string{nil, {"api"}, {"ingest:"}, {"ingest:My App"}, {"ingest"}, {"api:read", "admin"}, {"ingest:a b"}} {
			if _, _, err := tokens.Create(tx, tokens.New{Scopes: bad}, now); holdfast.CodeOf(err) != holdfast.Invalid {
				t.Errorf("%q: got %v", bad, err)
			}
		}
		_, _, err := tokens.Create(tx, tokens.New{Scopes: []string{"metrics"}, Expires: now}, now)
		if holdfast.CodeOf(err) != holdfast.Invalid {
			t.Errorf("got %v", err)
		}
		if _, _, err := tokens.Rotate(tx, "tok_none", "", 0, now); holdfast.CodeOf(err) != holdfast.NotFound {
			t.Errorf("got %v", err)
		}
		return nil
	})
}

func TestASecretMatchesItselfAlone(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		shown, secret string
		want          bool
	}{
		{"s3cret", "s3cret", true}, {"s3cret ", "s3cret", false}, {"s3cre", "s3cret", false}, {"", "s3cret", false}, {"", "", false}, {"s3cret", "", false},
	} {
		if got := tokens.Match(c.shown, c.secret); got != c.want {
			t.Errorf("%q for %q: got %v", c.shown, c.secret, got)
		}
	}
}
