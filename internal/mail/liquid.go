package mail

import (
	"errors"
	"fmt"
	"html"
	"io"
	"regexp"
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
	layout                 // the same in our own layout
)

// raw is markup of our own making, which the layout shows unescaped.
type raw string

// run is one text made ready to render, again and again but once at a time:
// Liquid's own configuration is made for it, so that filters know currency and
// locale and loops have a budget.
type run struct {
	to    target
	sites []site
	cfg   render.Config
	root  render.Node

	// Of the rendering under way.
	style style
	ticks int
	holes *holes
}

// site is a place in the template at which a value is wanted.
type site struct {
	line int
	text string
}

// text is a Liquid text, which begins at the given line of file, and where it will
// stand.
type text struct {
	src, file string
	line      int
	to        target
}

// newRun makes t ready.
func newRun(t text) (*run, error) {
	u, err := rewrite(t.src, t.file, t.line)
	if err != nil {
		return nil, err
	}
	return compile(u, t)
}

// compile parses without rendering.
func compile(u unit, t text) (r *run, err error) {
	r = &run{to: t.to, sites: u.sites}
	defer func() { // the library panics on some conversions
		if p := recover(); p != nil {
			r, err = nil, explain(fmt.Errorf("%v", p), t.file, t.line)
		}
	}()
	r.cfg = r.config()
	root, perr := r.cfg.Compile(u.src, parser.SourceLoc{Pathname: t.file, LineNo: t.line})
	if perr != nil {
		return nil, explain(perr, t.file, t.line)
	}
	r.root = root
	return r, nil
}

// render runs r, which was made of t. The holes are the values that are yet to
// be put in.
func (r *run) render(t text, st style, data map[string]any) (out string, h *holes, err error) {
	r.style, r.ticks, r.holes = st, 0, newHoles(t, data)
	defer func() { // the library panics on a failed write and on some conversions
		if p := recover(); p != nil {
			out, h, err = "", nil, explain(fmt.Errorf("%v", p), t.file, t.line)
		}
	}()
	w := &bounded{left: maxOutput}
	if rerr := render.Render(r.root, w, data, r.cfg); rerr != nil {
		return "", nil, explain(rerr, t.file, t.line)
	}
	return w.b.String(), r.holes, nil
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
	case markdown, layout:
		return r.holes.dig(s), nil
	case plain:
	}
	return s, nil
}

func (r *run) noValue(at int) error {
	return &Error{Line: r.sites[at].line, Message: "no value for " + r.sites[at].text, Variable: r.sites[at].text}
}

var libraryError = regexp.MustCompile(`(?s)^Liquid error(?: \(line \d+\))?: (.*) in .*$`)

// explain turns what the library says into our own words, with a place.
func explain(err error, file string, line int) error {
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
