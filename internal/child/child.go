// Package child starts processes for tests that end with the test's own process,
// however that ends (a database or a Temporal left behind would hold its port), and
// says which ports they may have.
package child
