package devpg

import (
	"archive/tar"
	"compress/gzip"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// mould is a cluster as initdb leaves it, with its password, kept as a file for the next cluster of tests: initdb takes
// twenty times as long as the copy. It appears whole, by a rename, and its sums tell whether it still is. A nil mould
// is none, for clusters that are to be made afresh.
type mould struct {
	path string
	log  *slog.Logger
}

const (
	mouldPrefix = "mould-"
	// mouldLife is how long a mould is kept that nobody uses.
	mouldLife = 30 * 24 * time.Hour
)

// newMould is where the mould of an installation is, or is to be.
func newMould(c Config, install installation) *mould {
	if !c.Fast {
		return nil
	}
	dir := c.CacheDir
	if dir == "" {
		var err error
		if dir, err = defaultCacheDir(); err != nil {
			return nil
		}
	}
	kind := sha256.New()
	fmt.Fprintln(kind, install.bin, install.version, initdbArguments)
	for _, program := range []string{"postgres", "initdb"} {
		info, err := os.Stat(filepath.Join(install.bin, program))
		if err != nil {
			return nil
		}
		fmt.Fprintln(kind, info.Size(), info.ModTime())
	}
	return &mould{filepath.Join(dir, fmt.Sprintf("%s%x.tar.gz", mouldPrefix, kind.Sum(nil)[:8])), c.Log}
}

// explain tells why the cluster does not come from the mould.
func (m *mould) explain(err error) {
	if m != nil {
		m.log.Debug("making the cluster by initdb", "mould", m.path, "reason", err)
	}
}

// errNoMould is the case of clusters that are to be made afresh.
var errNoMould = errors.New("this cluster is not to be made of a mould")

// cast fills dir, which is to be the home's PGDATA, and gives the home its password.
func (m *mould) cast(h *home, dir string) error {
	if m == nil {
		return errNoMould
	}
	f, err := os.Open(m.path)
	if err != nil {
		return err
	}
	defer f.Close()
	plain, err := gzip.NewReader(f)
	if err != nil {
		return err
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return err
	}
	defer root.Close()
	if err := h.takeOut(tar.NewReader(plain), root); err != nil {
		return err
	}
	if _, err := io.Copy(io.Discard, plain); err != nil { // up to the sums
		return err
	}
	now := time.Now()
	return os.Chtimes(m.path, now, now)
}

// takeOut unpacks a mould into root, whose files belong to the home's account.
func (h *home) takeOut(entries *tar.Reader, root *os.Root) error {
	for {
		entry, err := entries.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		name, inside := strings.CutPrefix(entry.Name, "data/")
		switch {
		case !inside:
			var password []byte
			if password, err = io.ReadAll(entries); err == nil {
				err = h.newPassword(strings.TrimSpace(string(password)))
			}
		case entry.Typeflag == tar.TypeDir:
			err = root.Mkdir(name, 0o700)
		default:
			err = writeFile(root, name, entries)
		}
		if err == nil && inside {
			err = h.account.give(filepath.Join(root.Name(), name))
		}
		if err != nil {
			return err
		}
	}
}

func writeFile(root *os.Root, name string, content io.Reader) error {
	f, err := root.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = io.Copy(f, content)
	return errors.Join(err, f.Close())
}

// keep makes the mould of a cluster that initdb has just made. That it cannot is not an error: the next cluster is made
// by initdb, too.
func (m *mould) keep(h *home) {
	if m == nil {
		return
	}
	if err := m.write(h); err != nil {
		m.log.Debug("no mould of the cluster is kept", "mould", m.path, "err", err)
	}
}

func (m *mould) write(h *home) error {
	dir := filepath.Dir(m.path)
	if err := makeDirs(dir, 0o755); err != nil {
		return err
	}
	sweepMoulds(dir, time.Now().Add(-mouldLife))
	f, err := os.CreateTemp(dir, mouldPrefix+"new-") // for our eyes only: it has a password
	if err != nil {
		return err
	}
	defer os.Remove(f.Name())
	err = h.pack(f)
	if err := errors.Join(err, f.Close()); err != nil {
		return err
	}
	return os.Rename(f.Name(), m.path)
}

// pack writes the password and PGDATA. They are not compressed: gzip gives the sums.
func (h *home) pack(w io.Writer) error {
	plain, err := gzip.NewWriterLevel(w, gzip.NoCompression)
	if err != nil {
		return err
	}
	entries := tar.NewWriter(plain)
	err = fs.WalkDir(os.DirFS(h.dir), ".", func(name string, entry fs.DirEntry, err error) error {
		inside := strings.HasPrefix(name, "data/")
		if err != nil || name != "password" && !inside {
			return err
		}
		return h.packOne(entries, name, entry)
	})
	return errors.Join(err, entries.Close(), plain.Close())
}

func (h *home) packOne(entries *tar.Writer, name string, entry fs.DirEntry) error {
	info, err := entry.Info()
	if err != nil {
		return err
	}
	if !info.IsDir() && !info.Mode().IsRegular() {
		return fmt.Errorf("%s is neither a file nor a directory", name)
	}
	header := &tar.Header{Name: name, Typeflag: tar.TypeReg, Size: info.Size(), Mode: 0o600}
	if info.IsDir() {
		header.Typeflag, header.Size = tar.TypeDir, 0
	}
	if err := entries.WriteHeader(header); err != nil || info.IsDir() {
		return err
	}
	f, err := os.Open(filepath.Join(h.dir, name))
	if err != nil {
		return err
	}
	_, err = io.Copy(entries, f)
	return errors.Join(err, f.Close())
}

// sweepMoulds removes the moulds in dir that nobody has used since a time.
func sweepMoulds(dir string, since time.Time) {
	entries, _ := os.ReadDir(dir)
	for _, e := range entries {
		info, err := e.Info()
		if err == nil && strings.HasPrefix(e.Name(), mouldPrefix) && info.ModTime().Before(since) {
			os.Remove(filepath.Join(dir, e.Name()))
		}
	}
}
