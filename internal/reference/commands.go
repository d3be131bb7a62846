package reference

import (
	"fmt"
	"strings"
)

// Command is what is said of one command, as the command line tells it.
type Command struct {
	Path     string // "enrollments list", without the program's name
	Use      string // the whole line: "holdfast enrollments list [flags]"
	Short    string
	Long     string // beyond Short; "" none
	Examples string // one a line
	Flags    []Flag
	Parts    []Command // of a command that is divided
}

// Flag of a command.
type Flag struct{ Name, Short, Type, Default, Usage string }

// exits are the exit codes of every command, as internal/cli has them.
const exits = "| exit code | means |\n| --- | --- |\n| 0 | done, and nothing to complain about |\n| 1 | the author's files have findings, or a test failed |\n| 2 | it could not run; standard error says why |\n| 130 | it was interrupted |\n"

func commandsPart(all []Command) part {
	p := part{dir: "commands", title: "Commands", intro: "`holdfast COMMAND --help` says the same. What was asked for goes to standard output, trouble and progress to standard error; nothing is coloured outside a terminal. Where a page says no other, a command exits with:\n\n" + exits}
	for _, c := range all {
		p.things = append(p.things, thing{c.Path, c.Short, c.Path + ".md", commandPage(c)})
	}
	return p
}

func commandPage(c Command) string {
	b := page("holdfast "+c.Path, c.Short+".")
	if len(c.Parts) == 0 {
		body(b, c)
	} else if c.Long != "" {
		fmt.Fprintf(b, "\n%s\n", c.Long)
	}
	for _, part := range c.Parts {
		fmt.Fprintf(b, "\n## %s\n\n%s.\n", part.Path, part.Short)
		body(b, part)
	}
	b.WriteString("\n[Exit codes](README.md) are those of every command, unless said otherwise above.\n")
	return b.String()
}

func body(b *strings.Builder, c Command) {
	block(b, "text", c.Use)
	if c.Long != "" {
		fmt.Fprintf(b, "\n%s\n", prose(c.Long))
	}
	if c.Examples != "" {
		var lines []string
		for line := range strings.Lines(c.Examples) {
			lines = append(lines, strings.TrimSpace(line))
		}
		block(b, "sh", strings.Join(lines, "\n"))
	}
	if len(c.Flags) == 0 {
		return
	}
	b.WriteString("\n| flag | default | meaning |\n| --- | --- | --- |\n")
	for _, f := range c.Flags {
		name := "`--" + f.Name
		if f.Type != "bool" {
			name += " " + strings.ToUpper(f.Type)
		}
		name += "`"
		if f.Short != "" {
			name += ", `-" + f.Short + "`"
		}
		fmt.Fprintf(b, "| %s | %s | %s |\n", name, code(f.Default), cell(f.Usage))
	}
}

// prose is a help text as Markdown: what is indented in it is shown as it is.
func prose(text string) string {
	var paragraphs []string
	for paragraph := range strings.SplitSeq(strings.TrimRight(text, "\n"), "\n\n") {
		if strings.HasPrefix(paragraph, "  ") {
			paragraph = "```text\n" + strings.ReplaceAll(paragraph[2:], "\n  ", "\n") + "\n```"
		}
		paragraphs = append(paragraphs, paragraph)
	}
	return strings.Join(paragraphs, "\n\n")
}
