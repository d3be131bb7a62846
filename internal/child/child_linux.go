package child

import (
	"os/exec"
	"runtime"
	"syscall"
)

// Start starts cmd so that the kernel sends it SIGQUIT when this process is gone.
// The kernel goes by the thread that started it, which is therefore kept.
func Start(cmd *exec.Cmd) error {
	if cmd.SysProcAttr == nil {
		cmd.SysProcAttr = &syscall.SysProcAttr{}
	}
	cmd.SysProcAttr.Pdeathsig = syscall.SIGQUIT
	started := make(chan error)
	go func() {
		runtime.LockOSThread() // never unlocked: the thread must outlive the child
		started <- cmd.Start()
		select {}
	}()
	return <-started
}
