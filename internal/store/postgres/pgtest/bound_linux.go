package pgtest

import (
	"os/exec"
	"runtime"
	"syscall"
)

// startBound starts cmd so that the kernel ends it with this process, however that
// ends. The kernel goes by the thread that started it, which is therefore kept.
func startBound(cmd *exec.Cmd) error {
	cmd.SysProcAttr.Pdeathsig = syscall.SIGQUIT
	started := make(chan error)
	go func() {
		runtime.LockOSThread() // never unlocked: the thread must outlive the server
		started <- cmd.Start()
		select {}
	}()
	return <-started
}
