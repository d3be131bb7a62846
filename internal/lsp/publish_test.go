package lsp

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func found(ds []diagnostic, code string) *diagnostic {
	for i := range ds {
		if ds[i].Code == code {
			return &ds[i]
		}
	}
	return nil
}

func TestFindingsStandAtUTF16Columns(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		line       string
		start, end int
	}{
		"letters":        {`  - {id: a, slack: owner, text: "x", dely: 1d}`, 37, 41},
		"emoji":          {`  - {id: a, slack: owner, text: "😀😀", dely: 1d}`, 40, 44},
		"CJK":            {`  - {id: a, slack: owner, text: "漢字", dely: 1d}`, 38, 42},
		"a joined emoji": {`  - {id: a, slack: owner, text: "👩‍🚀", dely: 1d}`, 41, 45},
		"an accent":      {"  - {id: a, slack: owner, text: \"e\u0301\", dely: 1d}", 38, 42},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := project1(t)
			c.edit("playbooks/new.yaml", "playbook: p\ntrigger: {on: email.replied}\nsteps:\n"+tt.line+"\n")
			d := found(c.published("playbooks/new.yaml", 1), "unknown-key")
			want := textRange{position{3, tt.start}, position{3, tt.end}}
			if d == nil || d.Range != want || d.Severity != 1 {
				t.Errorf("got %+v, want %v", d, want)
			}
		})
	}
}

func TestAFindingAfterYAMLsOwnLineEndsIsPlacedByLSPsLines(t *testing.T) {
	t.Parallel()
	c := project1(t)
	c.edit("playbooks/new.yaml", "playbook: p # a\u2028trigger: {on: email.replied}\r\nsteps:\r\n  - {id: a, slack: owner, text: x, dely: 1d}\r\n")
	d := found(c.published("playbooks/new.yaml", 1), "unknown-key")
	if want := (textRange{position{2, 35}, position{2, 39}}); d == nil || d.Range != want {
		t.Errorf("got %+v, want %v", d, want)
	}
}

func TestFindingsFollowTheUnsavedText(t *testing.T) {
	t.Parallel()
	c := project1(t)
	uri := c.uri("playbooks/check-in.yaml")
	c.edit("playbooks/check-in.yaml", checkIn)
	if ds := c.published("playbooks/check-in.yaml", 1); len(ds) > 1 {
		t.Fatalf("got %+v", ds)
	}
	change := func(version int, r textRange, text string) {
		c.notify("textDocument/didChange", map[string]any{
			"textDocument":   map[string]any{"uri": uri, "version": version},
			"contentChanges": []any{map[string]any{"range": r, "text": text}},
		})
	}
	change(2, textRange{position{7, 5}, position{7, 28}}, "id: patience, wate: 3bd")
	d := found(c.published("playbooks/check-in.yaml", 2), "unknown-verb")
	if d == nil || !strings.Contains(d.Message, `unknown verb "wate"`) || !strings.Contains(d.Message, `did you mean "wait"?`) {
		t.Fatalf("got %+v", d)
	}
	change(3, textRange{position{7, 19}, position{7, 23}}, "wait")
	if d := found(c.published("playbooks/check-in.yaml", 3), "unknown-verb"); d != nil {
		t.Errorf("mended, it is still there: %+v", d)
	}
}

func TestABrokenFileLeavesTheOthersTheirFindings(t *testing.T) {
	t.Parallel()
	other := strings.Replace(strings.Replace(checkIn, "playbook: check-in", "playbook: other", 1), "wait: 3bd", "wate: 3bd", 1)
	c := project1(t, "playbooks/other.yaml", other)
	c.edit("playbooks/new.yaml", "playbook: p\nsteps: [\ntrigger: \"\n")
	if d := found(c.published("playbooks/new.yaml", 1), "syntax"); d == nil || d.Range.Start.Line < 1 {
		t.Errorf("got %+v", c.findings)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	for len(c.findings[c.uri("playbooks/other.yaml")]) == 0 && !c.closed { // no order among files is promised
		c.cond.Wait()
	}
	last := c.findings[c.uri("playbooks/other.yaml")]
	if len(last) == 0 || found(last[len(last)-1].Diagnostics, "unknown-verb") == nil {
		t.Errorf("got %+v", last)
	}
}

func TestAChangedSchemaShowsInThePlaybooks(t *testing.T) {
	t.Parallel()
	c := project1(t, "rules/own.yaml", "schema: account\nfields: {tier: string}\n",
		"playbooks/other.yaml", "playbook: other\ntrigger: {when: account.tier == \"a\"}\nsteps: [{id: a, end: x}]\n")
	c.edit("playbooks/other.yaml", "playbook: other\ntrigger: {when: account.tier == \"a\"}\nsteps: [{id: a, end: x}]\n")
	if d := found(c.published("playbooks/other.yaml", 1), "unknown-field"); d != nil {
		t.Fatalf("got %+v", d)
	}
	c.edit("rules/own.yaml", "schema: account\nfields: {tear: string}\n")
	c.published("rules/own.yaml", 1)
	c.mu.Lock()
	defer c.mu.Unlock()
	for {
		all := c.findings[c.uri("playbooks/other.yaml")]
		if d := found(all[len(all)-1].Diagnostics, "unknown-field"); d != nil {
			if want := (textRange{position{1, 16}, position{1, 28}}); d.Range != want {
				t.Errorf("got %v, want %v", d.Range, want)
			}
			return
		}
		c.cond.Wait()
	}
}

func TestADocumentWithoutAProjectIsHeldAgainstTheLibrary(t *testing.T) {
	t.Parallel()
	c := start(t, t)
	c.request("initialize", map[string]any{})
	c.edit("loose.yaml", strings.Replace(checkIn, "account.status", "account.stauts", 1))
	ds := c.published("loose.yaml", 1)
	if found(ds, "no-project") == nil || found(ds, "unknown-field") == nil {
		t.Errorf("got %+v", ds)
	}
	p := at(c.uri("loose.yaml"), newText(checkIn).position(strings.Index(checkIn, "id: patience")+5))
	p["newName"] = "pause_a_bit"
	if edit := result[workspaceEdit](c, c.request("textDocument/rename", p)); len(edit.Changes[c.uri("loose.yaml")]) != 2 {
		t.Errorf("a rename gives %+v", edit)
	}
	c.edit("other.yaml", "apiVersion: v1\nkind: Service\n")
	if ds := c.published("other.yaml", 1); len(ds) > 0 {
		t.Errorf("what is none of ours has %+v", ds)
	}
	uri := "untitled:Untitled-1"
	c.notify("textDocument/didOpen", map[string]any{"textDocument": map[string]any{"uri": uri, "version": 1, "text": "playbook: p\n"}})
	m := c.request("textDocument/completion", at(uri, position{1, 0}))
	if items := result[completionList](c, m).Items; len(items) == 0 {
		t.Error("a document that is no file completes nothing")
	}
}

func TestAQuickFixPutsWhatWasMeant(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct{ text, want string }{
		"a key":    {"playbook: p\ntrigger: {on: email.replied}\nklass: service\nsteps: [{id: a, end: x}]\n", "\nclass: service"},
		"a verb":   {"playbook: p\ntrigger: {on: email.replied}\nsteps: [{id: a, wate: 3d}]\n", "wait: 3d"},
		"a field":  {"playbook: p\ntrigger: {when: \"account.stauts == 'active'\"}\nsteps: [{id: a, end: x}]\n", "account.status == 'active'"},
		"a word":   {"playbook: p\nclass: \"servce\"\ntrigger: {on: email.replied}\nsteps: [{id: a, end: x}]\n", "class: \"service\""},
		"an event": {"playbook: p\ntrigger: {on: email.repled}\nsteps: [{id: a, end: x}]\n", "on: email.replied"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := project1(t)
			c.edit("playbooks/new.yaml", tt.text)
			c.published("playbooks/new.yaml", 1)
			uri := c.uri("playbooks/new.yaml")
			whole := textRange{position{}, position{99, 0}}
			got := result[[]codeAction](c, c.request("textDocument/codeAction", map[string]any{"textDocument": map[string]any{"uri": uri}, "range": whole}))
			if len(got) != 1 {
				t.Fatalf("got %+v", got)
			}
			if after := applied(tt.text, got[0].Edit.Changes[uri]); !strings.Contains(after, tt.want) {
				t.Errorf("got\n%s\nwant %q in it", after, tt.want)
			}
		})
	}
}

// applied is a text after edits, made from the last to the first.
func applied(s string, edits []textEdit) string {
	for i := len(edits) - 1; i >= 0; i-- {
		s = newText(s).changed(change{Range: &edits[i].Range, Text: edits[i].NewText}).s
	}
	return s
}

func TestChangesOfPartsMakeTheTextThatTheEditorHas(t *testing.T) {
	t.Parallel()
	r := func(a, b, c, d int) *textRange { return &textRange{position{a, b}, position{c, d}} }
	for _, tt := range []struct {
		text   string
		change change
		want   string
	}{
		{"a😀b\nc", change{r(0, 3, 0, 4), "X"}, "a😀X\nc"},
		{"a😀b\r\nc", change{r(0, 1, 1, 0), ""}, "ac"},
		{"a\nb", change{r(9, 0, 9, 0), "!"}, "a\nb!"},
		{"a\nb", change{r(0, 99, 1, 0), " "}, "a b"},
		{"a", change{nil, "whole"}, "whole"},
		{"漢字", change{r(0, 1, 0, 1), "-"}, "漢-字"},
	} {
		if d := cmp.Diff(tt.want, newText(tt.text).changed(tt.change).s); d != "" {
			t.Errorf("%q: %s", tt.text, d)
		}
	}
}

func TestARequestAboutADocumentThatIsClosedAtOnceIsAnswered(t *testing.T) {
	t.Parallel()
	c := project1(t)
	for range 5 {
		p := c.edit("playbooks/new.yaml", "playbook: p\n|")
		id := c.ask("textDocument/completion", at(c.uri("playbooks/new.yaml"), p))
		c.close("playbooks/new.yaml")
		if m := c.answer(id); m.Error != nil && m.Error.Code != contentModified {
			t.Errorf("got %+v", m.Error)
		}
	}
}

func TestAProjectThatIsMadeMeanwhileTakesItsDocumentsIn(t *testing.T) {
	t.Parallel()
	c := start(t, t)
	c.request("initialize", map[string]any{})
	c.edit("loose.yaml", checkIn)
	if found(c.published("loose.yaml", 1), "no-project") == nil {
		t.Fatal("it is in a project already")
	}
	if err := os.WriteFile(filepath.Join(c.dir, "holdfast.yaml"), []byte(settings), 0o600); err != nil {
		t.Fatal(err)
	}
	c.notify("workspace/didChangeWatchedFiles", map[string]any{"changes": []any{}})
	c.mu.Lock()
	defer c.mu.Unlock()
	for {
		all := c.findings[c.uri("loose.yaml")]
		if last := all[len(all)-1].Diagnostics; found(last, "no-project") == nil && found(last, "unknown-template") != nil {
			return
		}
		c.cond.Wait()
	}
}
