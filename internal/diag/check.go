package diag

// Check is what all findings of one name mean: the reference, SARIF and lint
// --explain show it. Its name is for ever.
type Check struct {
	Name     string
	Severity Severity // of its findings; the rare one may be another
	Summary  string   // what is found, a sentence
	Why      string   // what goes wrong without it, and whose practice it is
}
