package steps

import "holdfast/rules"

// Branch is the spec of `branch`.
type Branch struct{ Arms []Arm }

// Arm is one way through a branch.
type Arm struct {
	When  *rules.Expr // nil = else
	First string      // id of its first step; "" when it is empty
}
