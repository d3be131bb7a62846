package lsp

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const talk = `playbook: talk
trigger: {on: email.replied}
steps:
  - {id: hello, email: check-in}
  - id: call
    task: Call about it
    form: {interest: {choose: [keen, cold]}}
  - id: heard
    branch:
      - when: call.interest == "cold" && account.topics.exists(call, call == "x")
        steps: [{id: stop, end: cold}]
      - else: true
        steps:
          - {id: again, email: check-in, thread: hello}
          - {id: note, slack: owner, text: "It was {{ steps.call.interest }}, call"}
  - {id: wait_call, wait_for: {any: [email.replied], since: call}}
`

const talkRules = "schema: account\nfields: {topics: strings}\n"

func TestRenamingAStepRenamesWhateverNamesIt(t *testing.T) {
	t.Parallel()
	test := "test: calls\nplaybook: talk\nexpect:\n  - {at: +1d, task: call, to: owner}\n---\ntest: other\nplaybook: check-in\nexpect: [{task: call}]\n"
	cast := "cast: c\nacts:\n  - {when: task, playbook: talk, step: call, act: done}\n  - {when: task, playbook: check-in, step: call, act: done}\n"
	c := project1(t, "rules/own.yaml", talkRules, "playbooks/talk.yaml", talk, "playbooks/talk.test.yaml", test, "cast.yaml", cast,
		"templates/check-in.md", template)
	c.edit("playbooks/talk.yaml", talk)
	uri := c.uri("playbooks/talk.yaml")
	where := newText(talk).position(strings.Index(talk, "call.interest") + 1)
	got := result[*prepared](c, c.request("textDocument/prepareRename", at(uri, where)))
	if got == nil || got.Placeholder != "call" {
		t.Fatalf("prepareRename gives %+v", got)
	}
	p := at(uri, where)
	p["newName"] = "ring"
	edit := result[workspaceEdit](c, c.request("textDocument/rename", p))
	want := talk
	want = strings.Replace(want, "  - id: call\n", "  - id: ring\n    was: call\n", 1)
	want = strings.Replace(want, "when: call.interest", "when: ring.interest", 1)
	want = strings.Replace(want, "steps.call.interest", "steps.ring.interest", 1)
	want = strings.Replace(want, "since: call", "since: ring", 1)
	if d := cmp.Diff(want, applied(talk, edit.Changes[uri])); d != "" {
		t.Error(d)
	}
	if d := cmp.Diff(strings.Replace(test, "task: call", "task: ring", 1), applied(test, edit.Changes[c.uri("playbooks/talk.test.yaml")])); d != "" {
		t.Error(d)
	}
	if d := cmp.Diff(strings.Replace(cast, "step: call", "step: ring", 1), applied(cast, edit.Changes[c.uri("cast.yaml")])); d != "" {
		t.Error(d)
	}
	if len(edit.Changes) != 3 {
		t.Errorf("%d documents change", len(edit.Changes))
	}
}

func TestRenamingReachesTheTemplateThatShowsAStep(t *testing.T) {
	t.Parallel()
	book := "playbook: p\ntrigger: {on: email.replied}\nsteps:\n  - {id: call, task: x}\n  - {id: mail, email: own}\n"
	own := "---\nsubject: s\n---\n{{ steps.call.outcome }} call {{ steps.call.at }}\n"
	c := project1(t, "playbooks/p.yaml", book, "templates/own.md", own)
	c.edit("playbooks/p.yaml", book)
	p := at(c.uri("playbooks/p.yaml"), position{3, 9})
	p["newName"] = "ring"
	edit := result[workspaceEdit](c, c.request("textDocument/rename", p))
	if d := cmp.Diff(strings.ReplaceAll(own, "steps.call", "steps.ring"), applied(own, edit.Changes[c.uri("templates/own.md")])); d != "" {
		t.Error(d)
	}
	if got := applied(book, edit.Changes[c.uri("playbooks/p.yaml")]); !strings.Contains(got, "{id: ring, was: call, task: x}") {
		t.Errorf("got\n%s", got)
	}
}

func TestARenameThatCannotBeIsRefused(t *testing.T) {
	t.Parallel()
	c := project1(t, "rules/own.yaml", talkRules, "playbooks/talk.yaml", talk)
	c.edit("playbooks/talk.yaml", talk)
	uri := c.uri("playbooks/talk.yaml")
	for name, says := range map[string]string{
		"heard":   `there is a step "heard" already`,
		"account": "no word of the language",
		"a-b":     "letters, digits and underscores",
		"":        "cannot be called",
		"owner":   "in expressions the word means something else",
	} {
		p := at(uri, newText(talk).position(strings.Index(talk, "id: call")+5))
		p["newName"] = name
		if m := c.request("textDocument/rename", p); m.Error == nil || !strings.Contains(m.Error.Message, says) {
			t.Errorf("%q: got %s %+v, want %q", name, m.Result, m.Error, says)
		}
	}
	for _, where := range []string{"trigger", "Call about", "email.replied", "keen"} {
		m := c.request("textDocument/prepareRename", at(uri, newText(talk).position(strings.Index(talk, where)+1)))
		if string(m.Result) != "null" {
			t.Errorf("%q can be renamed: %s", where, m.Result)
		}
	}
}

func TestRenamingBackSaysNothingOfIt(t *testing.T) {
	t.Parallel()
	book := "playbook: p\ntrigger: {on: email.replied}\nsteps:\n  - id: ring\n    was: call\n    task: x\n  - {id: b, was: a, end: x}\n"
	c := project1(t, "playbooks/p.yaml", book)
	c.edit("playbooks/p.yaml", book)
	uri := c.uri("playbooks/p.yaml")
	p := at(uri, position{3, 9})
	p["newName"] = "call"
	edit := result[workspaceEdit](c, c.request("textDocument/rename", p))
	if got := applied(book, edit.Changes[uri]); !strings.Contains(got, "  - id: call\n    task: x\n") {
		t.Errorf("got\n%s", got)
	}
	p = at(uri, position{6, 10})
	p["newName"] = "c"
	edit = result[workspaceEdit](c, c.request("textDocument/rename", p))
	if got := applied(book, edit.Changes[uri]); !strings.Contains(got, "{id: c, was: b, end: x}") {
		t.Errorf("got\n%s", got)
	}
}

// A rename of any step of the library leaves a project without a new finding,
// and the steps as they were but for the name.
func TestEveryStepOfTheLibraryCanBeRenamed(t *testing.T) {
	t.Parallel()
	files := map[string]string{}
	root := "../../playbooks/library"
	for _, name := range []string{"win-back.yaml", "renewal-90.yaml", "post-save.yaml", "save.yaml"} {
		files["playbooks/"+name] = readFileOf(t, filepath.Join(root, name))
	}
	c := open(t, files)
	if err := os.CopyFS(filepath.Join(c.dir, "templates"), os.DirFS(filepath.Join(root, "templates"))); err != nil {
		t.Fatal(err)
	}
	renames := 0
	for _, name := range sortedKeys(files) {
		if !strings.HasPrefix(name, "playbooks/") {
			continue
		}
		text := files[name]
		c.edit(name, text)
		d := parseTree(text)
		kind := newWorkspace().kinds[0]
		for _, s := range stepsOf(d, d.docs[0], &kind) {
			p := at(c.uri(name), newText(text).position(s.idNode.start))
			p["newName"] = "renamed_step"
			edit := result[workspaceEdit](c, c.request("textDocument/rename", p))
			got := applied(text, edit.Changes[c.uri(name)])
			if !strings.Contains(got, "renamed_step") || !strings.Contains(got, "was: "+s.id) {
				t.Errorf("%s: %s: got\n%s", name, s.id, got)
			}
			if renames++; renames%4 != 0 { // each costs two readings of the project
				break
			}
		}
	}
	if renames < 4 {
		t.Errorf("only %d renames", renames)
	}
}
