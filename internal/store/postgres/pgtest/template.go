package pgtest

import (
	"archive/tar"
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
)

// initialise makes the data directory. initdb takes most of a second of a processor:
// what it makes the first time is kept in a folder, which may be "", for those who come
// after.
func (s *Server) initialise(t testing.TB, folder string) {
	t.Helper()
	who := attributes(t, s.dir)
	// A collation that is not by bytes, so that a query which relies on bytes without saying so fails.
	args := []string{"-U", "holdfast", "--auth=trust", "--no-sync", "--encoding=UTF8", "--locale=C.UTF-8", "--locale-provider=icu", "--icu-locale=en-US"}
	kept, nowhere := template(folder, filepath.Join(s.bin, "postgres"), args)
	if nowhere == nil && unpack(kept, s.data(), who.Credential) == nil {
		return
	}
	if err := os.RemoveAll(s.data()); err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(context.WithoutCancel(t.Context()), filepath.Join(s.bin, "initdb"), append(args, "-D", s.data())...)
	cmd.Dir, cmd.SysProcAttr = s.dir, who
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("initdb: %v\n%s", err, out)
	}
	if nowhere == nil {
		_ = pack(s.data(), kept) // without it the next one takes longer, no more
	}
}

// templates is the folder where they are kept, "" where there can be none.
func templates() string {
	dir, err := os.UserCacheDir()
	if err != nil {
		return ""
	}
	return filepath.Join(dir, "holdfast-test")
}

// template is the file of what this PostgreSQL's initdb makes when asked in this way. A
// folder that somebody else can write to has none.
func template(folder, postgres string, args []string) (string, error) {
	if folder == "" {
		return "", errors.New("no folder for templates")
	}
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return "", err
	}
	about, err := os.Lstat(folder)
	if err != nil {
		return "", err
	}
	owner := about.Sys().(*syscall.Stat_t).Uid // what Sys is on every Unix
	if !about.IsDir() || int(owner) != os.Geteuid() || about.Mode().Perm()&0o022 != 0 {
		return "", fmt.Errorf("%s is not only this user's", folder)
	}
	program, err := os.Stat(postgres)
	if err != nil {
		return "", err
	}
	// Not its version, which stays when it is built anew over another ICU.
	sum := sha256.Sum256(fmt.Append(nil, postgres, program.Size(), program.ModTime().UnixNano(), args))
	return filepath.Join(folder, fmt.Sprintf("postgres-%x.tar", sum[:8])), nil
}

// pack keeps a folder in a file, a tar with its checksum behind it, that is there at
// once or not.
func pack(dir, file string) error {
	f, err := os.CreateTemp(filepath.Dir(file), filepath.Base(file)+".")
	if err != nil {
		return err
	}
	sum := crc32.NewIEEE()
	w := tar.NewWriter(io.MultiWriter(f, sum))
	err = errors.Join(w.AddFS(os.DirFS(dir)), w.Close())
	_, errSum := f.Write(sum.Sum(nil))
	if err = errors.Join(err, errSum, f.Close()); err == nil {
		err = os.Rename(f.Name(), file)
	}
	if err != nil {
		_ = os.Remove(f.Name())
	}
	return err
}

// unpack makes dir of what pack has kept, as the owner's unless nil, and nothing of a
// file that is not whole.
func unpack(file, dir string, owner *syscall.Credential) error {
	f, err := os.Open(file)
	if err != nil {
		return err
	}
	defer f.Close() //nolint:errcheck // it was only read
	about, err := f.Stat()
	if err != nil {
		return err
	}
	size := max(0, about.Size()-crc32.Size)
	sum := crc32.NewIEEE()
	if _, err := io.Copy(sum, io.NewSectionReader(f, 0, size)); err != nil {
		return err
	}
	if want, err := io.ReadAll(io.NewSectionReader(f, size, crc32.Size)); err != nil || !bytes.Equal(sum.Sum(nil), want) {
		return errors.Join(fmt.Errorf("%s is damaged", file), err)
	}
	if err := place(dir, nil, owner); err != nil {
		return err
	}
	for r := tar.NewReader(io.NewSectionReader(f, 0, size)); ; {
		h, err := r.Next()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
		from := io.Reader(r)
		if h.FileInfo().IsDir() {
			from = nil
		}
		if err := place(filepath.Join(dir, filepath.FromSlash(h.Name)), from, owner); err != nil {
			return err
		}
	}
}

// place makes a file with what is read, or a folder of nil.
func place(path string, from io.Reader, owner *syscall.Credential) error {
	if from == nil {
		if err := os.Mkdir(path, 0o700); err != nil {
			return err
		}
	} else {
		f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
		if err != nil {
			return err
		}
		_, err = io.Copy(f, from)
		if err = errors.Join(err, f.Close()); err != nil {
			return err
		}
	}
	if owner == nil {
		return nil
	}
	return os.Lchown(path, int(owner.Uid), int(owner.Gid))
}
