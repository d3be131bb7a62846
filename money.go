package holdfast

// Money is an amount in the minor unit (cents) of the project's one currency.
// Sums are exact; a float never holds money.
type Money int64
