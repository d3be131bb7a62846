package mail

import (
	stdcmp "cmp"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/google/go-cmp/cmp"

	"holdfast"
)

// acme is the account most tests write to.
func acme() map[string]any {
	return map[string]any{
		"account": Nest(map[string]any{
			"name":                   "Acme & Sons",
			"arr":                    holdfast.Money(8_000_050),
			"seats":                  int64(12),
			"renewal_date":           time.Date(2026, 5, 4, 0, 0, 0, 0, time.UTC),
			"churn.reason":           "price",
			"churn.missing_features": []string{"SSO", "audit log"},
			"website":                "https://acme.example/start?a=1&b=2",
		}),
		"contact": map[string]any{"first_name": "Dana", "email": "dana@acme.example"},
		"owner":   map[string]any{"name": "Robin"},
		"project": map[string]any{
			"name": "Northwind", "currency": "EUR", "locale": "en",
			"sender": map[string]any{"name": "Robin of Northwind", "email": "robin@northwind.example"},
		},
	}
}

func files(pairs ...string) *Renderer {
	m := fstest.MapFS{}
	for i := 0; i < len(pairs); i += 2 {
		m["templates/"+pairs[i]] = &fstest.MapFile{Data: []byte(pairs[i+1])}
	}
	return New(m)
}

// golden compares got with testdata/<test>.golden; UPDATE=1 writes it.
func golden(t *testing.T, ext, got string) {
	t.Helper()
	file := filepath.Join("testdata", t.Name()+ext+".golden")
	if os.Getenv("UPDATE") != "" {
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", file, diff)
	}
}

func TestAMailHasASubjectAPageAndAPlainPart(t *testing.T) {
	t.Parallel()
	r := New(os.DirFS("testdata"))
	for _, c := range []struct{ name, template, locale string }{
		{"english", "win-back/opening", "en-GB"},
		{"german", "win-back/opening", "de_AT"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			data := acme()
			data["unsubscribe_url"] = "https://northwind.example/u/abc?k=1&v=2"
			got, err := r.Mail(c.template, c.locale, data)
			if err != nil {
				t.Fatal(err)
			}
			golden(t, ".subject", got.Subject+"\n")
			golden(t, ".html", got.HTML)
			golden(t, ".text", got.Text)
			brief, err := r.Brief(c.template, c.locale, data)
			if err != nil {
				t.Fatal(err)
			}
			golden(t, ".slack", brief+"\n")
		})
	}
}

func TestAMissingValueNamesTemplateLineAndVariable(t *testing.T) {
	t.Parallel()
	head := "---\nsubject: Hello\n---\n"
	for name, c := range map[string]struct{ src, want string }{
		"unset":              {head + "Hi\n\n{{ contact.last_name }}", "templates/x.md:6: no value for contact.last_name"},
		"behind a filter":    {head + "{{ contact.last_name | upcase }}", "templates/x.md:4: no value for contact.last_name"},
		"in a filter":        {head + "{{ 'Hi ' | append: contact.last_name }}", "templates/x.md:4: no value"},
		"of an unknown root": {head + "{{ invoice.number }}", "templates/x.md:4: no value for invoice.number"},
		"empty":              {head + "{{ contact.blank }}", "templates/x.md:4: no value for contact.blank"},
		"in an assign":       {head + "\n{% assign n = contact.last_name | upcase %}", "templates/x.md:5: no value for contact.last_name"},
		"in a branch":        {head + "{% if account.name %}\n{{ nothing }}{% endif %}", "templates/x.md:5: no value for nothing"},
		"in the subject":     {"---\nsubject: For {{ contact.last_name }}\n---\nHi", "templates/x.md:2: no value for contact.last_name"},
		"whole map":          {head + "{{ account.churn }}", "templates/x.md:4: account.churn: has several values: name one of them"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			data := acme()
			data["contact"] = map[string]any{"blank": " "}
			_, err := files("x.md", c.src).Mail("x", "", data)
			if err == nil || err.Error() != c.want {
				t.Errorf("got error %v, want %s", err, c.want)
			}
		})
	}
}

func TestAMissingValueIsToldFromOtherMistakes(t *testing.T) {
	t.Parallel()
	for src, want := range map[string]string{"{{ contact.nick | upcase }}": "contact.nick", "{{ account.seats | divided_by: 0 }}": ""} {
		_, err := New(fstest.MapFS{}).Plain(src, acme())
		var e *Error
		if !errors.As(err, &e) || e.Variable != want {
			t.Errorf("%s: got %+v, want variable %q", src, err, want)
		}
	}
}

func BenchmarkMail(b *testing.B) {
	r, data := New(os.DirFS("testdata")), acme()
	for b.Loop() {
		if _, err := r.Mail("win-back/opening", "en", data); err != nil {
			b.Fatal(err)
		}
	}
}

func TestADefaultStandsInForAMissingValue(t *testing.T) {
	t.Parallel()
	got, err := New(fstest.MapFS{}).Plain(`Hi {{ contact.nick | default: "there" }}{% if contact.nick %}!{% endif %}`, acme())
	if want := "Hi there"; err != nil || got != want {
		t.Errorf("got %q, %v, want %q", got, err, want)
	}
}

func TestValuesAreWrittenAsTheirReaderExpects(t *testing.T) {
	t.Parallel()
	for src, want := range map[string]string{
		"{{ account.arr }}":                                                  "€80,000.50",
		"{{ account.arr | times: 2 }}":                                       "€160,001",
		"{{ account.arr | minus: 0.5 | money }}":                             "€80,000",
		"{{ account.seats | plus: 1 }}":                                      "13",
		"{{ account.seats | divided_by: 8 }}":                                "1.5",
		"{{ account.renewal_date }}":                                         "4 May 2026",
		"{{ account.renewal_date | date: '%A %-d %b, %H:%M' }}":              "Monday 4 May, 00:00",
		"{{ account.churn.missing_features }}":                               "SSO, audit log",
		"{{ account.churn.missing_features | join: ' + ' }}":                 "SSO + audit log",
		"{{ account.churn.missing_features | first | downcase }}":            "sso",
		"{{ account.churn.missing_features | size }}":                        "2",
		"{{ account.seats | pluralize: 'seat', 'seats' }}":                   "seats",
		"{{ account.name | truncate: 6 }}":                                   "Acme…",
		"{% if account.arr > 80000 %}big{% endif %}":                         "big",
		"{% if account.arr > 90000 %}huge{% else %}not huge{% endif %}":      "not huge",
		"{% for f in account.churn.missing_features %}[{{ f }}]{% endfor %}": "[SSO][audit log]",
		"{% for i in (1..3) %}{{ i }}{% endfor %}":                           "123",
		"{% raw %}{{ as it is }}{% endraw %}":                                "{{ as it is }}",
		"{% assign n = account.name | upcase %}{{ n }}":                      "ACME & SONS",
		"{{ account.name == 'Acme & Sons' }}":                                "true",
		"{%- comment %}{{ never }}{% endcomment -%} x":                       "x",
	} {
		got, err := New(fstest.MapFS{}).Plain(src, acme())
		if err != nil || got != want {
			t.Errorf("%s: got %q, %v, want %q", src, got, err, want)
		}
	}
}

func TestMoneyAndDatesFollowTheLanguageOfTheTemplate(t *testing.T) {
	t.Parallel()
	day := time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)
	for _, c := range []struct{ locale, currency, money, day string }{
		{"en", "USD", "$1,234.50", "1 March 2026"},
		{"en-US", "USD", "$1,234.50", "March 1, 2026"},
		{"de", "EUR", "1.234,50\u00a0€", "1. März 2026"},
		{"fr-FR", "CHF", "1\u00a0234,50\u00a0CHF", "1 mars 2026"},
		{"ja", "JPY", "¥123,450", "1 March 2026"},
		{"en", "KWD", "KWD\u00a0123.450", "1 March 2026"},
		{"en", "", "1,234.50", "1 March 2026"},
	} {
		data := map[string]any{"m": holdfast.Money(123450), "d": day, "project": map[string]any{"locale": c.locale, "currency": c.currency}}
		got, err := New(fstest.MapFS{}).Plain("{{ m }}|{{ d }}", data)
		if want := c.money + "|" + c.day; err != nil || got != strings.ReplaceAll(want, "\u00a0", " ") && got != want {
			t.Errorf("%s %s: got %q, %v, want %q", c.locale, c.currency, got, err, want)
		}
	}
}

func TestTheNearestLocaleIsTaken(t *testing.T) {
	t.Parallel()
	r := files("a.md", "plain", "a.pt.md", "pt", "a.pt-BR.md", "br")
	for locale, want := range map[string]string{
		"pt-BR": "br", "pt_BR": "br", "pt-PT": "pt", "pt": "pt", "de": "plain", "": "plain",
		"../../etc": "plain", "pt/../x": "plain",
	} {
		got, err := r.Brief("a", locale, nil)
		if err != nil || got != want {
			t.Errorf("locale %q: got %q, %v, want %q", locale, got, err, want)
		}
	}
}

func TestWhoHasNoFileInTheirLanguageGetsTheNextThatIsWanted(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ contact, account, project, missing, want string }{
		{"pt-BR", "de", "fr", "", "pt-BR"},
		{"pt-BR", "de", "fr", "pt-BR", "pt"},
		{"pt-BR", "de-AT", "fr", "pt-BR pt", "de"},
		{"pt-BR", "it", "fr-CH", "pt-BR pt", "fr"},
		{"pt-BR", "it", "nl", "pt-BR pt", ""},
		{"", "", "de", "", "de"},
		{"no such", "../fr", "de", "de", ""},
		{"it", "", "en", "", ""},
	} {
		fsys := fstest.MapFS{}
		for _, l := range []string{"", "de", "fr", "pt", "pt-BR"} {
			if l == "" || !slices.Contains(strings.Fields(c.missing), l) {
				fsys[fileOf(l)] = &fstest.MapFile{Data: []byte("---\nsubject: x\n---\nHello")}
			}
		}
		got, err := New(fsys).Draft("a", []string{c.contact, c.account, c.project}, Edit{}, map[string]any{"project": map[string]any{"locale": c.project}})
		if err != nil || got.File != fileOf(c.want) || got.Locale != c.want {
			t.Errorf("%+v: got %s of locale %q, %v", c, got.File, got.Locale, err)
		}
		if lang := stdcmp.Or(c.want, c.project); !strings.Contains(got.HTML, `<html lang="`+lang+`">`) {
			t.Errorf("%+v: the page's language is not %s", c, lang)
		}
	}
}

func fileOf(locale string) string {
	return "templates/" + strings.TrimSuffix("a."+locale, ".") + ".md"
}

func TestATemplateNameCannotLeaveTheFolder(t *testing.T) {
	t.Parallel()
	r := New(os.DirFS("."))
	for _, name := range []string{"", "../mail", "a/../../mail", "/etc/passwd", `..\mail`, "nowhere"} {
		if got, err := r.Brief(name, "", nil); err == nil {
			t.Errorf("name %q: got %q, want an error", name, got)
		}
	}
	if _, err := r.Brief("nowhere", "", nil); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("got %v, want fs.ErrNotExist", err)
	}
}

func TestCheckListsTheVariablesOfEveryLocale(t *testing.T) {
	t.Parallel()
	r := files("w/a.md", "---\nsubject: '{{ contact.first_name }}, hello'\n---\n"+
		"{% for i in account.issues %}{{ i.title | append: owner.name }}{{ forloop.index }}{% endfor %}{% assign x = account.name %}{{ x }} {{ 'account.no' }}",
		"w/a.de.md", "{% if account.arr > 5 and event.kind contains 'x' %}{% endif %}", "w/ab.md", "{{ other }}")
	got, err := r.Check("w/a")
	want := []string{"account.arr", "account.issues", "account.name", "contact.first_name", "event.kind", "owner.name"}
	if diff := cmp.Diff(want, got); err != nil || diff != "" {
		t.Errorf("error %v, variables (-want +got):\n%s", err, diff)
	}
}

func TestCheckFindsMistakesBeforeAnyoneIsWrittenTo(t *testing.T) {
	t.Parallel()
	for src, want := range map[string]string{
		"a\n{{ x | shout }}":              `templates/x.md:2: no filter "shout": `,
		"{% include 'secrets' %}":         `templates/x.md:1: no tag "include" here: `,
		"{% capture x %}{% endcapture %}": `templates/x.md:1: no tag "capture" here: `,
		"a\n\n{{ x":                       "templates/x.md:3: {{ is never closed on its line",
		"{% if x %}":                      `templates/x.md:1: unterminated "if" block`,
		"{{ x | }}":                       "templates/x.md:1: ",
		"{{ 99999999999999999999 }}":      "templates/x.md:1: ",
		"---\nsubject: x\nHi":             "templates/x.md:1: the front matter has no end",
		"---\nsubjekt: x\n---\nHi":        "templates/x.md:2: ",
	} {
		if _, err := files("x.md", src).Check("x"); err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%q: got error %v, want it to begin with %s", src, err, want)
		}
	}
}
