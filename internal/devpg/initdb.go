package devpg

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"path/filepath"
)

// initdb makes the cluster, of the mould if there is one.
func (h *home) initdb(ctx context.Context, install installation, m *mould) error {
	err := h.make(func(dir string) error { return m.cast(h, dir) })
	if err != nil {
		m.explain(err)
		if err = h.make(func(dir string) error { return h.fill(ctx, dir, install, m != nil) }); err != nil {
			return err
		}
		m.keep(h)
	}
	h.major = install.major
	return nil
}

// make makes the cluster in a directory beside its place and then moves it there, so that the place holds a whole
// cluster or none.
func (h *home) make(fill func(dir string) error) error {
	dir, err := os.MkdirTemp(h.dir, "data.new-")
	if err != nil {
		return fmt.Errorf("make the cluster's directory: %w", err)
	}
	if err := errors.Join(h.account.give(dir), fill(dir)); err != nil {
		return fmt.Errorf("make the cluster: %w", errors.Join(err, os.RemoveAll(dir)))
	}
	if err := os.Rename(dir, h.pgdata()); err != nil {
		return err
	}
	// Durable from here: if we die before, the next start makes another cluster and this one is litter.
	return syncDir(h.dir)
}

// initdbArguments are those that decide what a cluster looks like.
var initdbArguments = []string{"--username=" + superuser, "--auth=scram-sha-256", "--encoding=UTF8", "--locale=C",
	"--no-instructions"}

func (h *home) fill(ctx context.Context, dir string, install installation, fast bool) error {
	if err := h.newPassword(rand.Text()); err != nil {
		return fmt.Errorf("keep the new cluster's password: %w", err)
	}
	args := append([]string{"--pgdata=" + dir, "--pwfile=" + h.passwordFile()}, initdbArguments...)
	if fast {
		args = append(args, "--no-sync")
	}
	_, err := run(ctx, h.account, filepath.Join(install.bin, "initdb"), args...)
	return err
}

func syncDir(dir string) error {
	f, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}
