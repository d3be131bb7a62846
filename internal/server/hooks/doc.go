// Package hooks is the doors that providers call: each checks who calls before it reads what was said.
package hooks
