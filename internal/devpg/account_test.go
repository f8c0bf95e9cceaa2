package devpg

import (
	"os"
	"path/filepath"
	"syscall"
	"testing"
)

// postgres itself refuses to start unless it owns PGDATA, so the owner is who it runs as.
func TestRootRunsTheServerAsSomebodyElse(t *testing.T) {
	t.Parallel()
	c := sharedCluster(t)
	info, err := os.Stat(filepath.Join(c.DataDir, "data"))
	if err != nil {
		t.Fatal(err)
	}
	uid := int(info.Sys().(*syscall.Stat_t).Uid)
	if root := os.Geteuid() == 0; root == (uid == os.Geteuid()) || uid == 0 {
		t.Errorf("this process is user %d, the server %d", os.Geteuid(), uid)
	}
	if info.Mode().Perm() != 0o700 {
		t.Errorf("PGDATA has mode %v", info.Mode())
	}
}

func TestOrdinaryUserRunsTheServer(t *testing.T) {
	t.Parallel()
	dir := openDir(t)
	a := account{uid: uint32(os.Geteuid())}
	if os.Geteuid() == 0 {
		var err error
		if a, err = unprivileged(); err != nil {
			t.Fatal(err)
		}
	}
	if err := a.give(dir); err != nil {
		t.Fatal(err)
	}
	o := startOwner(t, filepath.Join(dir, "cluster"), a)
	if got := query(t, o.URL, "SELECT 1"); got != "1" {
		t.Error("the server does not answer")
	}
	o.stdin.Close()
	if err := o.cmd.Wait(); err != nil {
		t.Error(err)
	}
	for file, want := range map[string]os.FileMode{"": 0o700, "data": 0o700, "password": 0o600, "postgres.log": 0o600} {
		info, err := os.Stat(filepath.Join(dir, "cluster", file))
		if err != nil {
			t.Fatal(err)
		}
		if owner := info.Sys().(*syscall.Stat_t).Uid; owner != a.uid || info.Mode().Perm() != want {
			t.Errorf("cluster/%s: owner %d, mode %v; want %d, %v", file, owner, info.Mode().Perm(), a.uid, want)
		}
	}
}

func TestReachNamesTheClosedDirectory(t *testing.T) {
	t.Parallel()
	dir := openDir(t)
	closed := filepath.Join(dir, "closed")
	inside := filepath.Join(closed, "a", "b")
	if err := os.MkdirAll(inside, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(closed, 0o700); err != nil {
		t.Fatal(err)
	}
	other := account{uid: 65533, gid: 65533, name: "somebody", other: true}
	if err := other.reach(dir); err != nil {
		t.Error(err)
	}
	err := other.reach(inside)
	if err == nil {
		t.Fatal("somebody may enter a directory of mode 0700")
	}
	mustSay(t, err, "somebody cannot enter "+closed+" ", "chmod o+x "+closed)
	if err := (account{}).reach(inside); err != nil {
		t.Errorf("for ourselves: %v", err)
	}
}

func TestIDsOfNobody(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]uint32{"65534": 65534, "-2": 4294967294} {
		if got, err := parseID(text); got != want || err != nil {
			t.Errorf("parseID(%q) = %d, %v, want %d", text, got, err, want)
		}
	}
}
