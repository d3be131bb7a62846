package doctor

import (
	"context"
	"fmt"
	"time"

	"holdfast"
	"holdfast/internal/app"
)

// skew is how far our clock may be from the database's. Leases of several
// processes last five seconds.
const skew = 2 * time.Second

// database looks at the tables before anything opens them, since whoever opens
// them brings them up to date.
func database(ctx context.Context, v *visit) {
	const why = "everything that is remembered is in it; without it nothing is taken in and nothing goes out"
	asked := v.Clock.Now()
	shape, inFile, err := app.Shape(ctx, v.Dir, v.Env)
	answered := v.Clock.Now()
	switch {
	case holdfast.CodeOf(err) == holdfast.NotFound:
		v.note(err.Error(), "nothing was ever run here", "")
		return
	case err != nil:
		v.broken(err, why, "look into its log")
		if v.Env.DatabaseURL != "" {
			v.readFrom("HOLDFAST_DATABASE_URL")
		}
		return
	}
	if !inFile {
		v.skew(asked, answered, shape.Now)
	}
	switch {
	case shape.Version > shape.Known:
		v.wrong(fmt.Sprintf("its schema is version %d, and this holdfast knows %d", shape.Version, shape.Known),
			"a newer holdfast has written it, and this one refuses to touch it", "run the newer holdfast, or restore the backup that was made before it")
		return
	case shape.Version < shape.Known:
		v.wrong(fmt.Sprintf("its schema is version %d, and this holdfast writes version %d", shape.Version, shape.Known),
			"it is brought up to date at the next start, and an older holdfast cannot use it after that",
			"back it up, stop every older holdfast, then start holdfast server once")
		return
	}
	if v.store, err = app.OpenStoreIn(ctx, v.Dir, v.Env); err != nil {
		v.broken(err, why, "")
		return
	}
	where := "the database"
	if inFile {
		where = "the file"
	}
	v.ok(fmt.Sprintf("%s answers; its schema is version %d, the newest", where, shape.Version))
}

// skew holds our clock against the database's, which was read between asked and
// answered.
func (v *visit) skew(asked, answered, there time.Time) {
	var off time.Duration
	switch {
	case there.Before(asked.Add(-skew)):
		off = asked.Sub(there)
	case there.After(answered.Add(skew)):
		off = there.Sub(answered)
	default:
		return
	}
	v.wrong(fmt.Sprintf("this machine's clock and the database's differ by %s", off.Round(time.Second)),
		"touches go at wrong times, signatures with a time in them are refused, and processes take each other's work for abandoned",
		"let both machines keep their time by NTP")
}
