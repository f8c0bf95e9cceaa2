package devpg

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// home is a data directory as doc.go draws it, locked by this process.
type home struct {
	dir       string
	account   account
	major     int  // of the cluster inside, 0 before initdb
	temporary bool // made by this process, which alone may delete it

	// root opens the files beside PGDATA. As root we may be in a directory that belongs to somebody else, whose
	// symbolic links must not lead us out of it.
	root *os.Root
	lock *os.File
}

func (h *home) pgdata() string       { return filepath.Join(h.dir, "data") }
func (h *home) passwordFile() string { return filepath.Join(h.dir, "password") }

// openHome takes dir, which it makes when it is missing, for this process until close. One that is neither empty nor
// ours is refused untouched. "" means a temporary directory in temp, or where the system keeps such for "".
func openHome(dir, temp string) (*home, error) {
	h := &home{}
	err := h.open(dir, temp)
	if err != nil {
		return nil, errors.Join(err, h.close())
	}
	return h, nil
}

func (h *home) open(dir, temp string) (err error) {
	if h.dir, err = makeHome(dir, temp); err != nil {
		return err
	}
	h.temporary = dir == ""
	if h.root, err = os.OpenRoot(h.dir); err != nil {
		return fmt.Errorf("open the data directory (does it belong to another user?): %w", err)
	}
	if h.major, err = h.inspect(); err != nil {
		return err
	}
	if err := h.take(); err != nil {
		return err
	}
	// Before the lock was ours, another process may have made a cluster.
	if h.major, err = h.inspect(); err != nil {
		return err
	}
	if h.account, err = accountFor(h.pgdata()); err != nil {
		return err
	}
	return h.admit()
}

// makeHome makes dir and its parents, for ourselves only, or for root so that the server's account can get in. It
// returns the directory's real path.
func makeHome(dir, temp string) (string, error) {
	if dir == "" {
		dir, err := os.MkdirTemp(temp, temporaryPrefix)
		if err != nil {
			return "", fmt.Errorf("make a temporary data directory: %w", err)
		}
		return filepath.EvalSymlinks(dir)
	}
	dir, err := filepath.Abs(dir)
	if err != nil {
		return "", fmt.Errorf("resolve the data directory: %w", err)
	}
	mode := fs.FileMode(0o700)
	if os.Geteuid() == 0 {
		mode = 0o755
	}
	if err := makeDirs(dir, mode); err != nil {
		return "", fmt.Errorf("make the data directory: %w", err)
	}
	return filepath.EvalSymlinks(dir)
}

// admit lets another account into the directory, which stays ours: the server cannot replace what we write there.
func (h *home) admit() error {
	if !h.account.other {
		return nil
	}
	if err := h.root.Chmod(".", 0o711); err != nil {
		return fmt.Errorf("let %s into the data directory: %w", h.account.name, err)
	}
	if err := h.account.reach(h.dir); err != nil {
		return fmt.Errorf("data directory %s: %w", h.dir, err)
	}
	return nil
}

// inspect returns the major version of the cluster inside, 0 when there is none, or an error when the directory is
// something else.
func (h *home) inspect() (major int, err error) {
	version, err := os.ReadFile(filepath.Join(h.pgdata(), "PG_VERSION"))
	if err == nil {
		if major, err = parseMajor(string(version)); err != nil {
			return 0, fmt.Errorf("data directory %s is damaged, give another one: %w", h.dir, err)
		}
		return major, nil
	}
	if !errors.Is(err, fs.ErrNotExist) {
		return 0, fmt.Errorf("look at the data directory (does it belong to another user?): %w", err)
	}
	entries, err := os.ReadDir(h.dir)
	if err != nil {
		return 0, fmt.Errorf("look at the data directory: %w", err)
	}
	for _, e := range entries {
		if !h.knows(e.Name()) {
			return 0, h.refuse(e.Name())
		}
	}
	return 0, nil
}

// knows reports whether an entry may lie in a directory of ours before its first cluster does.
func (h *home) knows(entry string) bool {
	return slices.Contains([]string{"password", "port", "lock", "postgres.log", "postgres.log.1"}, entry) ||
		strings.HasPrefix(entry, "data.new-")
}

func (h *home) refuse(entry string) error {
	if version, err := os.ReadFile(filepath.Join(h.dir, "PG_VERSION")); err == nil {
		return fmt.Errorf("data directory %s is a PostgreSQL %s cluster that was not made here: give another "+
			"data directory, "+
			"or start that cluster yourself and give its --database-url", h.dir, strings.TrimSpace(string(version)))
	}
	return fmt.Errorf("data directory %s is not empty and holds no cluster made here (there is %q): "+
		"give an empty or a new directory", h.dir, entry)
}

// parseMajor reads the contents of PG_VERSION, "15" or "9.6".
func parseMajor(version string) (int, error) {
	text, _, _ := strings.Cut(strings.TrimSpace(version), ".")
	major, err := strconv.Atoi(text)
	if err != nil || major <= 0 {
		return 0, fmt.Errorf("its PG_VERSION says %q, which is not a version of PostgreSQL", version)
	}
	return major, nil
}

// password returns the superuser's password.
func (h *home) password() (string, error) {
	text, err := h.root.ReadFile("password")
	if errors.Is(err, fs.ErrNotExist) {
		return "", fmt.Errorf("the cluster's password file %s is missing: put it back, or give another data directory",
			h.passwordFile())
	}
	if err != nil {
		return "", fmt.Errorf("read the cluster's password: %w", err)
	}
	return strings.TrimSpace(string(text)), nil
}

// newPassword keeps a password for the cluster that is about to be made. It is on disk before the cluster is, which
// nobody could enter without it.
func (h *home) newPassword(password string) error {
	f, err := h.root.OpenFile("password", os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	_, err = f.WriteString(password + "\n")
	if err := errors.Join(err, f.Sync(), f.Close()); err != nil {
		return err
	}
	return h.account.give(h.passwordFile()) // as whom initdb reads it
}

// close lets the next process in, and deletes a temporary directory.
func (h *home) close() error {
	var errs []error
	if h.temporary {
		errs = append(errs, os.RemoveAll(h.dir))
	}
	if h.lock != nil {
		errs = append(errs, unlock(h.lock))
	}
	if h.root != nil {
		errs = append(errs, h.root.Close())
	}
	return errors.Join(errs...)
}
