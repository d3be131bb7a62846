package doctor

import (
	"context"

	"holdfast/internal/app"
)

// settings are what the environment says of the process itself, for which no store
// is needed.
func settings(_ context.Context, v *visit) {
	if v.virtual {
		return
	}
	before := len(v.found)
	for _, err := range app.Unusable(v.Env) {
		v.broken(err, "a server does not start so", "write what is expected, or unset the variable")
	}
	if err := app.CheckOperationsToken(v.Env.OperationsToken); err != nil {
		v.broken(err, "a server with --operations does not start so", "")
	}
	if len(v.found) == before {
		v.ok("the environment's settings of the process itself can be read")
	}
}
