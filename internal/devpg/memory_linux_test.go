package devpg

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"
)

func TestOnlyWhatTheKilledLeftIsSwept(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	now := time.Now()
	for name, tt := range map[string]struct {
		age          time.Duration
		locked, stay bool
	}{
		temporaryPrefix + "left":  {age: 2 * time.Hour},
		temporaryPrefix + "lives": {age: 2 * time.Hour, locked: true, stay: true},
		temporaryPrefix + "young": {stay: true},
		"somebody-elses":          {age: 2 * time.Hour, stay: true},
	} {
		home := filepath.Join(dir, name)
		write(t, filepath.Join(home, "lock"), "1\n", 0o644)
		if tt.locked {
			lock, err := os.Open(filepath.Join(home, "lock"))
			if err != nil {
				t.Fatal(err)
			}
			defer lock.Close()
			if err := tryLock(lock); err != nil {
				t.Fatal(err)
			}
		}
		if err := os.Chtimes(home, now.Add(-tt.age), now.Add(-tt.age)); err != nil {
			t.Fatal(err)
		}
		defer func() {
			if _, err := os.Stat(home); tt.stay != (err == nil) || err != nil && !errors.Is(err, os.ErrNotExist) {
				t.Errorf("%s: want it kept: %t, and looking at it gives %v", name, tt.stay, err)
			}
		}()
	}
	sweep(dir, now.Add(-time.Hour))
}
