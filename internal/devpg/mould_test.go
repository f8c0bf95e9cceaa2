package devpg

import (
	"crypto/sha256"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"syscall"
	"testing"
	"time"
)

// mouldIn is the only mould in a cache, beside which nothing is left.
func mouldIn(t *testing.T, cache string) string {
	t.Helper()
	entries, err := os.ReadDir(cache)
	if err != nil || len(entries) != 1 {
		t.Fatalf("the cache holds %v, %v, want a mould", entries, err)
	}
	return filepath.Join(cache, entries[0].Name())
}

// foundry is an installation whose initdb makes little clusters, each with another content.
func foundry(t *testing.T) installation {
	t.Helper()
	bin := openDir(t)
	write(t, filepath.Join(bin, "postgres"), "", 0o755)
	write(t, filepath.Join(bin, "initdb"), `#!/bin/sh
		umask 077
		for a; do case $a in --pgdata=*) cd "${a#--pgdata=}";; esac; done
		echo 15 >PG_VERSION && mkdir -p base/1 empty && head -c 100000 /dev/urandom >base/1/made && : >base/nothing
	`, 0o755)
	return installation{bin: bin, version: "15.1", major: 15}
}

// made is all that is in a cluster which is made with this cache, and its password.
func made(t *testing.T, install installation, cache string) string {
	t.Helper()
	h, err := openHome("", "")
	if err != nil {
		t.Fatal(err)
	}
	defer h.close()
	c := Config{Fast: true, CacheDir: cache, Log: testLog(t)}
	if err := h.initdb(t.Context(), install, newMould(c, install)); err != nil {
		t.Fatal(err)
	}
	all := sha256.New()
	for _, root := range []string{h.pgdata(), h.passwordFile()} {
		err := filepath.Walk(root, func(path string, info fs.FileInfo, err error) error {
			if err != nil {
				return err
			}
			name, _ := filepath.Rel(h.dir, path)
			fmt.Fprintln(all, name, info.Mode(), info.Sys().(*syscall.Stat_t).Uid)
			if info.IsDir() {
				return nil
			}
			text, err := os.ReadFile(path)
			all.Write(text)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return fmt.Sprintf("%x", all.Sum(nil))
}

// The second cluster is a copy, and a mould that is damaged is replaced.
func TestClusterIsCastFromAMould(t *testing.T) {
	t.Parallel()
	install, cache := foundry(t), openDir(t)
	first := made(t, install, cache)
	if second := made(t, install, cache); second != first {
		t.Error("the second cluster was made by initdb")
	}
	mould := mouldIn(t, cache)
	info, err := os.Stat(mould)
	if err != nil || info.Mode() != 0o600 {
		t.Fatalf("the mould, in which there is a password: mode %v, %v", info.Mode(), err)
	}
	for name, damage := range map[string]func() error{
		"cut off": func() error { return os.Truncate(mould, info.Size()/2) },
		"empty":   func() error { return os.Truncate(mould, 0) },
		"one byte": func() error {
			f, err := os.OpenFile(mould, os.O_WRONLY, 0)
			if err != nil {
				return err
			}
			defer f.Close()
			_, err = f.WriteAt([]byte{'?'}, info.Size()/2)
			return err
		},
	} {
		if err := damage(); err != nil {
			t.Fatal(err)
		}
		remade := made(t, install, cache)
		if remade == first {
			t.Errorf("%s: the damage was not seen", name)
		}
		if first = made(t, install, cache); first != remade {
			t.Errorf("%s: the mould was not replaced", name)
		}
	}
}

func TestClustersAtOnceLeaveOneMould(t *testing.T) {
	t.Parallel()
	install, cache := foundry(t), openDir(t)
	var starting sync.WaitGroup
	for range 8 {
		starting.Go(func() { made(t, install, cache) })
	}
	starting.Wait()
	mouldIn(t, cache)
}

// A cluster that is to last has a password of its own.
func TestDurableClusterIsMadeAfresh(t *testing.T) {
	t.Parallel()
	if m := newMould(Config{}, foundry(t)); m != nil {
		t.Errorf("it would come from %s", m.path)
	}
}

func TestMouldsThatNobodyUsesAreSwept(t *testing.T) {
	t.Parallel()
	dir := openDir(t)
	for _, name := range []string{"mould-old", "mould-used", "bundle"} {
		write(t, filepath.Join(dir, name), "x", 0o600)
	}
	longAgo := time.Now().Add(-mouldLife)
	for _, name := range []string{"mould-old", "bundle"} {
		if err := os.Chtimes(filepath.Join(dir, name), longAgo, longAgo); err != nil {
			t.Fatal(err)
		}
	}
	sweepMoulds(dir, longAgo.Add(time.Hour))
	mustHold(t, dir, "bundle", "mould-used")
}
