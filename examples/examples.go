// Package examples holds the sample projects, so that the binary can run them
// anywhere. Each folder is a project as any other.
package examples

import "embed"

// FS has one folder for each sample project.
//
//go:embed tidewater/*.yaml tidewater/*.csv tidewater/*.gz ravenstack/*.yaml ravenstack/rules/*.yaml
var FS embed.FS

// Demo is the project that `holdfast demo` runs when it is given no data.
const Demo = "tidewater"
