package mail

import (
	"errors"
	"fmt"
	"html"
	"io"
	"regexp"
	"strconv"
	"strings"

	"github.com/osteele/liquid/expressions"
	"github.com/osteele/liquid/parser"
	"github.com/osteele/liquid/render"
	"github.com/osteele/liquid/tags"
)

// target is where a value will stand, which decides how it is escaped.
type target int

const (
	plain    target = iota // as it is, on one line
	htmlText               // the layout
	slack                  // Slack mrkdwn
	markdown               // a placeholder, put in after parsing
)

// raw is markup of our own making, which the layout shows unescaped.
type raw string

// run renders one text once: Liquid's own configuration is made for it, so that
// filters know currency and locale and loops have a budget.
type run struct {
	to     target
	style  style
	sites  []site
	ticks  int
	values []string // placeholders' values, in order of appearance
	prefix string   // of placeholders; stands in neither source nor data
}

// site is a place in the template at which a value is wanted.
type site struct {
	line int
	text string
}

func newRun(to target, st style) *run { return &run{to: to, style: st, prefix: "hfx"} }

// render runs src, which begins at the given line of file.
func (r *run) render(src, file string, line int, data map[string]any) (out string, err error) {
	u, err := rewrite(src, file, line)
	if err != nil {
		return "", err
	}
	r.sites = u.sites
	r.values = nil
	for strings.Contains(src, r.prefix) || mentions(data, r.prefix) {
		r.prefix += "x"
	}
	// The library panics on a failed write and on some conversions.
	defer func() {
		if p := recover(); p != nil {
			out, err = "", r.explain(fmt.Errorf("%v", p), file, line)
		}
	}()
	cfg := r.config()
	root, perr := cfg.Compile(u.src, parser.SourceLoc{Pathname: file, LineNo: line})
	if perr != nil {
		return "", r.explain(perr, file, line)
	}
	w := &bounded{left: maxOutput}
	if rerr := render.Render(root, w, data, cfg); rerr != nil {
		return "", r.explain(rerr, file, line)
	}
	return w.b.String(), nil
}

// config offers the tags and filters of the reference, and no others: include
// would read any file, capture and tablerow make markup behind our back.
func (r *run) config() render.Config {
	cfg := render.NewConfig()
	tags.AddStandardTags(cfg)
	for name, f := range r.filters() {
		cfg.AddFilter(name, f)
	}
	cfg.AddFilter(filterOut, r.out)
	cfg.AddFilter(filterNeed, r.need)
	cfg.AddTag(tagTick, func(string) (func(io.Writer, render.Context) error, error) { return r.tick, nil })
	return cfg
}

// Our own additions to every template, written in by rewrite.
const (
	filterOut  = "hf_out"
	filterNeed = "hf_need"
	tagTick    = "hf_tick"
)

// tick is run at the start of each pass of a loop.
func (r *run) tick(_ io.Writer, ctx render.Context) error {
	r.ticks++
	if loop, ok := ctx.Get("forloop").(map[string]any); ok {
		if n, ok := loop["length"].(int); ok && n > maxLoop {
			return ctx.Errorf("a loop over %d items: at most %d", n, maxLoop)
		}
	}
	if r.ticks > maxTicks {
		return ctx.Errorf("loops take over %d passes in all", maxTicks)
	}
	return nil
}

// need refuses a variable without a value before a filter can hide it.
func (r *run) need(v any, at int) (any, error) {
	if missing(v) {
		return nil, r.noValue(at)
	}
	return v, nil
}

// out is the last filter of every {{ }}: it prints v by its type, for the target.
func (r *run) out(v any, at int) (any, error) {
	if v == nil {
		return nil, r.noValue(at)
	}
	if s, ok := v.(raw); ok {
		return string(s), nil
	}
	s, err := r.style.show(v)
	if err != nil {
		return nil, &Error{Line: r.sites[at].line, Message: fmt.Sprintf("%s: %v", r.sites[at].text, err)}
	}
	switch s = clean(s); r.to {
	case htmlText:
		return html.EscapeString(s), nil
	case slack:
		return escapeSlack(s), nil
	case markdown:
		r.values = append(r.values, s)
		return r.prefix + strconv.Itoa(len(r.values)-1) + "z", nil
	case plain:
	}
	return s, nil
}

func (r *run) noValue(at int) error {
	return &Error{Line: r.sites[at].line, Message: "no value for " + r.sites[at].text, Variable: r.sites[at].text}
}

// put replaces the placeholders in s by their values, each through escape.
func (r *run) put(s string, escape func(string) string) string {
	if len(r.values) == 0 {
		return s
	}
	return r.placeholder().ReplaceAllStringFunc(s, func(m string) string { return escape(r.value(m)) })
}

func (r *run) placeholder() *regexp.Regexp { return regexp.MustCompile(r.prefix + `[0-9]+z`) }

func (r *run) value(placeholder string) string {
	i, err := strconv.Atoi(strings.TrimSuffix(strings.TrimPrefix(placeholder, r.prefix), "z"))
	if err != nil || i >= len(r.values) {
		return ""
	}
	return r.values[i]
}

var libraryError = regexp.MustCompile(`(?s)^Liquid error(?: \(line \d+\))?: (.*) in .*$`)

// explain turns what the library says into our own words, with a place.
func (r *run) explain(err error, file string, line int) error {
	if located, ok := err.(parser.Error); ok && located.LineNumber() > 0 { //nolint:errorlint // the library's errors do not unwrap
		line = located.LineNumber()
	}
	for cause := err; cause != nil; cause = deeper(cause) {
		if ours, ok := errors.AsType[*Error](cause); ok {
			return &Error{File: file, Line: max(ours.Line, 1), Message: ours.Message, Variable: ours.Variable}
		}
		if errors.Is(cause, errTooLong) {
			return mistake(file, line, errTooLong.Error())
		}
		err = cause
	}
	msg := err.Error()
	if m := libraryError.FindStringSubmatch(msg); m != nil {
		msg = m[1]
	}
	msg, _, _ = strings.Cut(msg, "\n")
	return mistake(file, line, strings.ReplaceAll(msg, " ("+filterOut+")", ""))
}

func deeper(err error) error {
	switch e := err.(type) { //nolint:errorlint // the library's errors do not unwrap
	case expressions.FilterError:
		return e.Err
	case interface{ Cause() error }:
		return e.Cause()
	}
	return errors.Unwrap(err)
}

// bounded keeps what is written, up to a number of bytes.
type bounded struct {
	b    strings.Builder
	left int
}

func (w *bounded) Write(p []byte) (int, error) {
	if w.left -= len(p); w.left < 0 {
		return 0, errTooLong
	}
	return w.b.Write(p)
}
