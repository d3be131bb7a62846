package doctor_test

import (
	"os"
	"runtime"
	"syscall"
	"testing"
)

// A directory of another user is no broken one.
func TestADirectoryThatWeMayNotEnter(t *testing.T) {
	t.Parallel()
	c := newClinic(t, "")
	c.file()
	denying(t, c.doctor.Dir, 0, func() {
		c.says("directory", "wrong: ", "permission denied", "sudo -u holdfast holdfast doctor --dir "+c.doctor.Dir)
		c.says("database", "wrong: ", "sudo -u holdfast holdfast doctor --dir "+c.doctor.Dir)
	})
}

func TestADirectoryThatWeMayOnlyRead(t *testing.T) {
	t.Parallel()
	c := newClinic(t, "")
	c.file()
	denying(t, c.doctor.Dir, 0o555, func() {
		c.says("directory", "wrong: ", "permission denied", "that user must own the directory and may write there")
		c.says("database", "that user must own the directory and may write there")
	})
}

// denying runs fn while dir has a mode that its user must keep to.
func denying(t *testing.T, dir string, mode os.FileMode, fn func()) {
	t.Helper()
	if err := os.Chmod(dir, mode); err != nil {
		t.Fatal(err)
	}
	defer os.Chmod(dir, 0o700) //nolint:errcheck,gosec // so that it can be removed
	if os.Getuid() == 0 {      // whom no mode binds: this thread alone is nobody for a while
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		if err := syscall.Setfsuid(65534); err != nil {
			t.Fatal(err)
		}
		defer syscall.Setfsuid(0) //nolint:errcheck // it was root's before
	}
	fn()
}
