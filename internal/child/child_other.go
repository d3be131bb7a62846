//go:build !linux

package child

import "os/exec"

// Start starts cmd. Where the kernel does not end it with this process, a killed
// test leaves it behind.
func Start(cmd *exec.Cmd) error { return cmd.Start() }
