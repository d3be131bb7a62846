//go:build !linux

package pgtest

import "os/exec"

// startBound starts cmd. Where the kernel does not end it with this process, a
// killed test leaves it behind.
func startBound(cmd *exec.Cmd) error { return cmd.Start() }
