// Package crash kills the real product and counts what its providers took in:
// each touch at most once, none lost without a visible state. It holds tests
// alone; what they find is mended where it is.
package crash
