// Package library holds the playbooks that ship with the product: one file
// each, its test beside it, and its templates. A project takes one by naming it
// under library: in its holdfast.yaml. To add one, add <name>.yaml.
package library

import "embed"

// Files are <name>.yaml and templates/.
//
//go:embed *.yaml templates
var Files embed.FS
