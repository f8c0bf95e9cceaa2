package devpg

import (
	"archive/tar"
	"compress/gzip"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"
)

// unpack writes the directory native/ of an npm archive below dir, and makes the symbolic links that it lists. Nothing
// can come to lie outside dir: names are checked, and os.Root holds every write inside.
func unpack(archive, dir string) error {
	f, err := os.Open(archive)
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
	if err := unpackEntries(tar.NewReader(plain), root); err != nil {
		return err
	}
	if err := makeLinks(root); err != nil {
		return err
	}
	return openDirs(root)
}

func unpackEntries(entries *tar.Reader, root *os.Root) error {
	for {
		entry, err := entries.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		// Like npm, drop the first element, which is mostly "package".
		_, name, _ := strings.Cut(entry.Name, "/")
		if !filepath.IsLocal(entry.Name) || !filepath.IsLocal(name) {
			return fmt.Errorf("entry %q leads out of the archive", entry.Name)
		}
		name = path.Clean(name)
		if !strings.HasPrefix(name, "native/") || entry.Typeflag == tar.TypeDir {
			continue
		}
		if entry.Typeflag != tar.TypeReg {
			return fmt.Errorf("entry %q is neither a file nor a directory", entry.Name)
		}
		if err := unpackFile(root, name, entry, entries); err != nil {
			return err
		}
	}
}

func unpackFile(root *os.Root, name string, entry *tar.Header, content io.Reader) error {
	if err := root.MkdirAll(path.Dir(name), 0o755); err != nil {
		return err
	}
	mode := fs.FileMode(0o644)
	if entry.FileInfo().Mode()&0o100 != 0 {
		mode = 0o755
	}
	out, err := root.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, mode)
	if err != nil {
		return err
	}
	_, err = io.Copy(out, content)
	// Whatever the umask, the account that the server runs as must be able to read it.
	return errors.Join(err, out.Chmod(mode), out.Close())
}

// makeLinks makes the links that the package's postinstall script would make: npm's archives hold no symbolic links, so
// the bundle lists them. Without them the server misses libraries.
func makeLinks(root *os.Root) error {
	text, err := root.ReadFile("native/pg-symlinks.json")
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	var links []struct{ Source, Target string } // "native/lib/libpq.so.5.18", "native/lib/libpq.so.5": the link
	if err := json.Unmarshal(text, &links); err != nil {
		return fmt.Errorf("pg-symlinks.json: %w", err)
	}
	for _, l := range links {
		if !filepath.IsLocal(l.Source) || !filepath.IsLocal(l.Target) {
			return fmt.Errorf("pg-symlinks.json: link %q to %q leads out of the archive", l.Target, l.Source)
		}
		to, err := filepath.Rel(path.Dir(l.Target), l.Source)
		if err != nil {
			return err
		}
		if err := root.Symlink(to, l.Target); err != nil && !errors.Is(err, fs.ErrExist) {
			return err
		}
	}
	return nil
}

// openDirs lets everybody into the directories, whatever the umask.
func openDirs(root *os.Root) error {
	return fs.WalkDir(root.FS(), "native", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || !entry.IsDir() {
			return err
		}
		return root.Chmod(name, 0o755)
	})
}
