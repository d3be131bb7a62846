// Package library holds the playbooks that ship with the product: one file
// each, its tests beside it in <name>.test.yaml, and its templates. A project
// takes one by naming it under library: in its holdfast.yaml. To add one, add
// <name>.yaml and its name below; the tests stay here.
package library

import "embed"

// Files are <name>.yaml and templates/.
//
//go:embed holdfast.yaml templates
//go:embed post-save.yaml renewal-90.yaml renewal-silence.yaml save.yaml usage-drop.yaml win-back.yaml
var Files embed.FS
