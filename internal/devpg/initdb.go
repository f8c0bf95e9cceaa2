package devpg

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
)

// initdb makes the cluster in a directory beside its place and then moves it there, so that the place holds a whole
// cluster or none.
func (h *home) initdb(ctx context.Context, install installation, fast bool) error {
	if err := h.newPassword(); err != nil {
		return fmt.Errorf("keep the new cluster's password: %w", err)
	}
	dir, err := os.MkdirTemp(h.dir, "data.new-")
	if err != nil {
		return fmt.Errorf("make the cluster's directory: %w", err)
	}
	if err := h.fill(ctx, dir, install, fast); err != nil {
		return fmt.Errorf("make the cluster: %w", errors.Join(err, os.RemoveAll(dir)))
	}
	h.major = install.major
	return nil
}

func (h *home) fill(ctx context.Context, dir string, install installation, fast bool) error {
	if err := h.account.give(dir); err != nil {
		return err
	}
	args := []string{"--pgdata=" + dir, "--username=" + superuser, "--pwfile=" + h.passwordFile(),
		"--auth=scram-sha-256", "--encoding=UTF8", "--locale=C", "--no-instructions"}
	if fast {
		args = append(args, "--no-sync")
	}
	if _, err := run(ctx, h.account, filepath.Join(install.bin, "initdb"), args...); err != nil {
		return err
	}
	if err := os.Rename(dir, h.pgdata()); err != nil {
		return err
	}
	// Durable from here: if we die before, the next start makes another cluster and this one is litter.
	return syncDir(h.dir)
}

func syncDir(dir string) error {
	f, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}
