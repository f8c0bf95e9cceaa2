package devpg

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/user"
	"path/filepath"
	"strconv"
	"syscall"
)

// account is the operating system's user that the server runs as.
type account struct {
	uid, gid uint32
	name     string
	// other is true when the account is not that of this process, which is then root and drops to it.
	other bool
}

// credential is what a child process must take on, nil when it is our own.
func (a account) credential() *syscall.Credential {
	if !a.other {
		return nil
	}
	return &syscall.Credential{Uid: a.uid, Gid: a.gid}
}

// give makes path the account's own.
func (a account) give(path string) error {
	if !a.other {
		return nil
	}
	return os.Lchown(path, int(a.uid), int(a.gid))
}

// accountFor chooses the account for the cluster in pgdata: its owner if it exists; else ourselves, or for root, as
// which PostgreSQL refuses to run, `postgres` or `nobody`.
func accountFor(pgdata string) (account, error) {
	euid, egid := os.Geteuid(), os.Getegid()
	self := account{uid: uint32(euid), gid: uint32(egid), name: userName(uint32(euid))}
	info, err := os.Stat(pgdata)
	if errors.Is(err, fs.ErrNotExist) {
		if euid != 0 {
			return self, nil
		}
		return unprivileged()
	}
	if err != nil {
		return account{}, fmt.Errorf("look at the data directory (are you %s's user?): %w", filepath.Dir(pgdata), err)
	}
	st := info.Sys().(*syscall.Stat_t)
	owner := account{uid: st.Uid, gid: st.Gid, name: userName(st.Uid), other: true}
	switch {
	case int(st.Uid) == euid && euid != 0:
		return self, nil
	case euid == 0 && st.Uid != 0:
		return owner, nil
	case euid == 0:
		return account{}, fmt.Errorf("%s belongs to root, as whom PostgreSQL refuses to run: "+
			"chown -R it to postgres or nobody, or give another data directory", pgdata)
	}
	return account{}, fmt.Errorf("%s belongs to %s, and this process runs as %s: give a data directory of your own",
		pgdata, owner.name, self.name)
}

// unprivileged finds an account for root to drop to.
func unprivileged() (account, error) {
	for _, name := range []string{"postgres", "nobody"} {
		u, err := user.Lookup(name)
		if err != nil {
			continue
		}
		uid, uidErr := parseID(u.Uid)
		gid, gidErr := parseID(u.Gid)
		if uidErr == nil && gidErr == nil && uid != 0 {
			return account{uid: uid, gid: gid, name: name, other: true}, nil
		}
	}
	return account{}, errors.New("PostgreSQL refuses to run as root, and there is neither a user postgres nor nobody " +
		"to run it as: make one of them, or run this as an ordinary user")
}

// parseID reads a user's or group's number; macOS writes nobody's as -2.
func parseID(s string) (uint32, error) {
	id, err := strconv.ParseInt(s, 10, 64)
	return uint32(id), err
}

func userName(uid uint32) string {
	id := strconv.FormatUint(uint64(uid), 10)
	if u, err := user.LookupId(id); err == nil {
		return u.Username
	}
	return "user " + id
}

// makeDirs makes dir and its missing parents, with just this mode whatever the umask.
func makeDirs(dir string, mode fs.FileMode) error {
	err := os.Mkdir(dir, mode)
	if errors.Is(err, fs.ErrNotExist) {
		if err := makeDirs(filepath.Dir(dir), mode); err != nil {
			return err
		}
		err = os.Mkdir(dir, mode)
	}
	if err == nil {
		return os.Chmod(dir, mode)
	}
	if info, statErr := os.Stat(dir); statErr == nil && info.IsDir() {
		return nil
	}
	return err
}

// reach returns an error that names the first directory, from the root down to dir, that the account cannot enter. It
// judges by owner, group and mode; we never drop to an account on whose behalf access control lists were set.
func (a account) reach(dir string) error {
	if !a.other {
		return nil
	}
	real, err := filepath.EvalSymlinks(dir)
	if err != nil {
		return err
	}
	if real != filepath.Dir(real) {
		if err := a.reach(filepath.Dir(real)); err != nil {
			return err
		}
	}
	info, err := os.Stat(real)
	if err != nil {
		return err
	}
	if !a.mayEnter(info) {
		return fmt.Errorf("%s cannot enter %s (mode %v), and the server runs as %s because PostgreSQL refuses "+
			"to run as root: "+
			"choose a place outside it, or chmod o+x %s", a.name, real, info.Mode(), a.name, real)
	}
	return nil
}

func (a account) mayEnter(info fs.FileInfo) bool {
	st := info.Sys().(*syscall.Stat_t)
	switch {
	case st.Uid == a.uid:
		return info.Mode()&0o100 != 0
	case st.Gid == a.gid:
		return info.Mode()&0o010 != 0
	}
	return info.Mode()&0o001 != 0
}
