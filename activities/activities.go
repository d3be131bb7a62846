// Package activities is what workflows ask of the world, one file each. Advance
// is one walk of the interpreter with at most one touch: facts, guards and claim
// in one transaction, the send outside of any, the record in another.
package activities
