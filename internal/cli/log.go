package cli

import (
	"context"
	"io"
	"log/slog"
	"time"

	"holdfast"
	"holdfast/internal/app"
)

// quietLog says only what needs a person.
func quietLog(w io.Writer) *slog.Logger {
	return slog.New(slog.NewTextHandler(w, &slog.HandlerOptions{Level: slog.LevelError}))
}

// log is that of a process that runs for long. A person is told what needs them; a
// collector, which reads a server's log where no terminal does, takes JSON and all
// that was decided.
func (o runOptions) log(s Streams) (*slog.Logger, error) {
	switch {
	case o.logFormat == "json", o.logFormat == "" && o.serves && !tty(s.Err):
		return slog.New(slog.NewJSONHandler(s.Err, &slog.HandlerOptions{Level: slog.LevelInfo})), nil
	case o.logFormat == "text", o.logFormat == "":
		return quietLog(s.Err), nil
	}
	e := holdfast.Errorf(holdfast.Invalid, "--log-format %s: expected text or json", o.logFormat)
	return nil, e
}

// closeTelemetry hands the last spans over, for five seconds at most. A collector
// that is away is told in the log, and is no failure of the command.
func closeTelemetry(ctx context.Context, cfg app.Config) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
	defer cancel()
	if err := cfg.Telemetry.Close(ctx); err != nil {
		cfg.Log.WarnContext(ctx, "the last traces were not delivered", "error", err)
	}
	return nil
}
