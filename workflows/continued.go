package workflows

import (
	"errors"

	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/workflow"
)

// Continued is the input of the next run when err, an Enrollment's end in the
// SDK's test environment, says that there is one. A server starts it by itself.
func Continued(err error) (next Input, ok bool) {
	var can *workflow.ContinueAsNewError
	if !errors.As(err, &can) {
		return Input{}, false
	}
	if converter.GetDefaultDataConverter().FromPayloads(can.Input, &next) != nil {
		return Input{}, false
	}
	return next, true
}
