package doctor

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"

	"holdfast/internal/temporal"
)

// Less than leastSpace is too little to go on with: the journal of one busy hour.
const (
	leastSpace = 256 << 20
	scantSpace = 2 << 30
)

// directory looks at the data directory: who may read it, whether we may write,
// and how much room it has.
func directory(_ context.Context, v *visit) {
	const why = "the directory holds addresses, texts of mails and keys, and everything that is remembered between two starts"
	info, err := os.Stat(v.Dir)
	if errors.Is(err, fs.ErrNotExist) {
		v.note(v.Dir+" is not there yet", "nothing was ever run in it", "name the data directory with --dir; the first start makes it")
		return
	}
	if err != nil {
		v.barred(err, why, "let the user that runs holdfast read it")
		return
	}
	if !info.IsDir() {
		v.wrong(v.Dir+" is no directory", why, "name the data directory with --dir")
		return
	}
	clock, _, err := temporal.Peek(v.Dir)
	if err != nil {
		v.barred(err, why, "restore holdfast.json from a backup")
		return
	}
	v.virtual = clock == temporal.ClockVirtual
	if mode := info.Mode().Perm(); runtime.GOOS != "windows" && mode&0o077 != 0 {
		v.wrong(fmt.Sprintf("other users of this machine may enter %s (mode %04o)", v.Dir, mode), why, "chmod 700 "+v.Dir)
	}
	if err := mayWrite(v.Dir); err != nil {
		v.denied = "give the directory and its files to the user that runs holdfast, and let it write there"
		v.barred(err, "nothing can be remembered", v.denied)
	}
	if v.held, err = temporal.Held(v.Dir); err != nil {
		v.wrong(err.Error(), why, "let the user that runs holdfast read it")
	}
	v.space()
	if len(v.found) == 0 {
		runs := "no process runs it"
		if v.held {
			runs = "a process runs it"
		}
		v.ok(v.Dir + ": closed to others, may be written, has room; " + runs)
	}
	if v.virtual {
		v.note("its clock is compressed", "nothing leaves this machine, so that keys and doors are not looked at", "")
	}
}

// barred is a wrong of a directory; fix is for whoever may enter it.
func (v *visit) barred(err error, why, fix string) {
	if errors.Is(err, fs.ErrPermission) {
		v.denied = "run it as the user that the server runs as, such as: sudo -u holdfast holdfast doctor --dir " + v.Dir +
			"; that user must own the directory and may write there"
		fix = v.denied
	}
	v.wrong(err.Error(), why, fix)
}

// mayWrite opens each file of ours for writing, and writes nothing into it.
func mayWrite(dir string) error {
	probe, err := os.CreateTemp(dir, "doctor-*")
	if err != nil {
		return err
	}
	if err := errors.Join(probe.Close(), os.Remove(probe.Name())); err != nil {
		return err
	}
	for _, name := range []string{"holdfast.json", "holdfast.db", "temporal.db", "LOCK"} {
		f, err := os.OpenFile(filepath.Join(dir, name), os.O_RDWR, 0)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err == nil {
			err = f.Close()
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (v *visit) space() {
	const why = "a full disk stops everything: nothing more is taken in, and what is under way waits"
	measure := v.Space
	if measure == nil {
		measure = freeSpace
	}
	free, err := measure(v.Dir)
	switch {
	case errors.Is(err, errors.ErrUnsupported):
	case err != nil:
		v.wrong("how much room is left cannot be told: "+err.Error(), why, "")
	case free < leastSpace:
		v.wrong(fmt.Sprintf("%d MB are free where %s is", free>>20, v.Dir), why, "make room, or move the directory to a larger disk")
	case free < scantSpace:
		v.note(fmt.Sprintf("%d MB are free where %s is", free>>20, v.Dir), why, "make room soon")
	}
}
