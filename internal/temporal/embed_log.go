//go:build !noembed

package temporal

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync/atomic"
	"syscall"

	"go.temporal.io/server/common/log"
	"go.temporal.io/server/common/log/tag"
)

// serverLog passes the server's warnings and errors on to slog, without its
// stack traces. Safe for concurrent use.
type serverLog struct {
	to    *slog.Logger
	muted *atomic.Bool
}

var _ log.Logger = serverLog{}
var _ log.WithLogger = serverLog{}

func newServerLog(to *slog.Logger) serverLog {
	return serverLog{to: orDiscard(to).With("part", "temporal"), muted: new(atomic.Bool)}
}

// mute drops everything from now on.
func (l serverLog) mute() { l.muted.Store(true) }

// Debug is dropped.
func (serverLog) Debug(string, ...tag.Tag) {}

// Info is dropped.
func (serverLog) Info(string, ...tag.Tag) {}

// Warn passes on, but for the hint to open a port that we keep shut.
func (l serverLog) Warn(msg string, tags ...tag.Tag) {
	if !strings.HasPrefix(msg, "HTTP API port has not been set") {
		l.log(slog.LevelWarn, msg, tags)
	}
}

// Error passes on.
func (l serverLog) Error(msg string, tags ...tag.Tag) { l.log(slog.LevelError, msg, tags) }

// DPanic passes on: the server panics there in its own tests only.
func (l serverLog) DPanic(msg string, tags ...tag.Tag) { l.log(slog.LevelError, msg, tags) }

// Panic panics, as the server expects.
func (l serverLog) Panic(msg string, tags ...tag.Tag) {
	panic(newFatal(msg, tags)) //nolint:forbidigo // the interface demands it
}

// Fatal panics: during Start that becomes its error, later it ends the process, as
// the server means it to.
func (l serverLog) Fatal(msg string, tags ...tag.Tag) {
	panic(newFatal(msg, tags)) //nolint:forbidigo // the interface must not return, and has no error
}

// With adds tags to every later line.
func (l serverLog) With(tags ...tag.Tag) log.Logger {
	return serverLog{to: slog.New(l.to.Handler().WithAttrs(attrs(tags))), muted: l.muted}
}

func (l serverLog) log(level slog.Level, msg string, tags []tag.Tag) {
	if l.muted.Load() {
		return
	}
	l.to.LogAttrs(context.Background(), level, msg, attrs(tags)...) //nolint:forbidigo,sloglint // the interface has no ctx, and the words are the server's
}

func attrs(tags []tag.Tag) []slog.Attr {
	as := make([]slog.Attr, 0, len(tags))
	for _, t := range tags {
		as = append(as, slog.Any(strings.ReplaceAll(t.Key(), "-", "_"), t.Value()))
	}
	return as
}

// fatal is what the server said when it could not go on.
type fatal struct {
	msg  string
	tags []slog.Attr
}

func newFatal(msg string, tags []tag.Tag) fatal { return fatal{msg: msg, tags: attrs(tags)} }

func (f fatal) err() error {
	said := []string{f.msg}
	for _, a := range f.tags {
		said = append(said, fmt.Sprintf("%s: %v", a.Key, a.Value))
	}
	text := strings.Join(said, ", ")
	if strings.Contains(text, syscall.EADDRINUSE.Error()) {
		return fmt.Errorf("%w: %s", errBind, text)
	}
	return errors.New("embedded temporal server: " + text)
}
