//go:build noembed

package temporal

import (
	"context"

	"holdfast"
)

// Start always fails: this binary has no server inside.
func Start(context.Context, Options) (*Embedded, error) {
	e := holdfast.Errorf(holdfast.Unavailable, "this holdfast was built without the embedded Temporal server (build tag noembed)")
	e.Hint = "use one built without the tag"
	return nil, e
}
