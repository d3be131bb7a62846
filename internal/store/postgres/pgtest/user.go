package pgtest

import (
	"os"
	"os/user"
	"strconv"
	"syscall"
	"testing"
)

// attributes are those of a process that may run PostgreSQL, which refuses to run
// as root: for root it is another user's, who then owns dir.
func attributes(t testing.TB, dir string) *syscall.SysProcAttr {
	t.Helper()
	attr := &syscall.SysProcAttr{Setpgid: true} // Ctrl-C is for the test, which stops it in order
	if os.Geteuid() != 0 {
		return attr
	}
	who, err := user.Lookup("postgres")
	if err != nil {
		if who, err = user.Lookup("nobody"); err != nil {
			t.Fatalf("postgres refuses to run as root, and there is no other user: %v", err)
		}
	}
	uid, errUID := strconv.ParseUint(who.Uid, 10, 32)
	gid, errGID := strconv.ParseUint(who.Gid, 10, 32)
	if errUID != nil || errGID != nil {
		t.Fatalf("user %s has no numbers: %s, %s", who.Username, who.Uid, who.Gid)
	}
	if err := os.Chown(dir, int(uid), int(gid)); err != nil {
		t.Fatal(err)
	}
	attr.Credential = &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}
	return attr
}
