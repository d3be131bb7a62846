// Package library holds the rules that ship with the product: the schema of
// accounts, contacts and events, metrics, the health score and the tiers. A
// project takes all of them with rules: library in its holdfast.yaml.
package library

import "embed"

// Files are documents of rules, one file a subject.
//
//go:embed *.yaml
var Files embed.FS
