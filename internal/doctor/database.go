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
		v.fresh = true
		what, fix := wordsOf(err)
		v.note(what, "nothing was ever run here", fix)
		return
	case err != nil:
		v.broken(err, why, v.unreadable())
		if v.Env.DatabaseURL != "" {
			v.readFrom("HOLDFAST_DATABASE_URL")
		}
		return
	}
	where := "the file"
	if !inFile {
		where = "the database"
		v.skew(asked, answered, shape.Now)
	}
	switch {
	case shape.Version == 0:
		v.fresh = true
		v.note(where+" is empty", "nothing was ever run over it", "holdfast "+v.begins()+" makes its tables; "+
			"where there should be some, name another data directory or database")
		return
	case shape.Version > shape.Known:
		v.wrong(fmt.Sprintf("its schema is version %d, and this holdfast knows %d", shape.Version, shape.Known),
			"a newer holdfast has written it, and this one refuses to touch it", "run the newer holdfast, or restore the backup that was made before it")
		return
	case shape.Version < shape.Known:
		v.wrong(fmt.Sprintf("its schema is version %d, and this holdfast writes version %d", shape.Version, shape.Known),
			"it is brought up to date at the next start, and an older holdfast cannot use it after that",
			"back it up, stop every older holdfast, then "+map[string]string{"server": "start holdfast server once", "migrate": "run holdfast migrate"}[v.begins()])
		return
	}
	if v.store, err = app.OpenStoreIn(ctx, v.Dir, v.Env); err != nil {
		v.broken(err, why, v.unreadable())
		return
	}
	v.ok(fmt.Sprintf("%s answers; its schema is version %d, the newest", where, shape.Version))
}

// begins is the command that makes tables here, or brings them up to date.
func (v *visit) begins() string {
	if v.Env.Migrate == "off" {
		return "migrate"
	}
	return "server"
}

// unreadable is what mends a database that gives no reason.
func (v *visit) unreadable() string {
	if v.Env.DatabaseURL == "" && v.denied != "" {
		return v.denied
	}
	return "look into its log"
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
