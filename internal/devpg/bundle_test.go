package devpg

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"crypto/sha512"
	"encoding/base64"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// entry is one of a made-up archive.
type entry struct {
	name, text string
	mode       int64
	kind       byte
}

// goodBundle is as npm's, but for its programs being scripts. Like there, a library is found by a link only.
var goodBundle = []entry{
	{name: "package/package.json", text: "{}", mode: 0o644},
	{name: "package/native/bin/postgres", mode: 0o755,
		text: "#!/bin/sh\ncat $(dirname $0)/../lib/libversion.so.1 || exit 1\n"},
	{name: "package/native/bin/initdb", text: "#!/bin/sh\n", mode: 0o755},
	{name: "package/native/lib/libversion.so.1.2", text: "postgres (PostgreSQL) 18.4\n", mode: 0o644},
	{name: "package/native/pg-symlinks.json", mode: 0o644,
		text: `[{"source":"native/lib/libversion.so.1.2","target":"native/lib/libversion.so.1"},
			{"source":"native/bin/postgres","target":"native/lib/postgres"}]`},
}

func pack(t *testing.T, entries []entry) []byte {
	t.Helper()
	var out bytes.Buffer
	zip := gzip.NewWriter(&out)
	archive := tar.NewWriter(zip)
	for _, e := range entries {
		header := &tar.Header{Name: e.name, Mode: e.mode, Size: int64(len(e.text)), Typeflag: e.kind}
		if e.kind != 0 {
			header.Size, header.Linkname, e.text = 0, e.text, ""
		}
		if err := archive.WriteHeader(header); err != nil {
			t.Fatal(err)
		}
		io.WriteString(archive, e.text)
	}
	if err := archive.Close(); err != nil {
		t.Fatal(err)
	}
	if err := zip.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func integrity(archive []byte) string {
	sum := sha512.Sum512(archive)
	return "sha512-" + base64.StdEncoding.EncodeToString(sum[:])
}

const bundlePath = "/repo/@embedded-postgres/test-x64/-/test-x64-" + bundleVersion + ".tgz"

// bundleSearch finds nothing installed, and downloads from the server a bundle with the given sum.
func bundleSearch(t *testing.T, server *httptest.Server, sum string) *search {
	t.Helper()
	root := openDir(t)
	s := fakeSearch(root, nil)
	s.bundles = &bundles{dir: filepath.Join(root, "made", "cache"), platform: "test-x64", integrity: sum,
		log: testLog(t),
		npm: func() (npmSettings, error) { return npmSettings{"registry": server.URL + "/repo/"}, nil }}
	if os.Geteuid() == 0 {
		a, err := unprivileged()
		if err != nil {
			t.Fatal(err)
		}
		s.account, s.bundles.account = a, a
	}
	return s
}

// serveArchive answers requests for the archive, and counts them.
func serveArchive(t *testing.T, archive []byte) (*httptest.Server, *atomic.Int32) {
	t.Helper()
	var requests atomic.Int32
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		requests.Add(1)
		if r.URL.Path != bundlePath {
			http.NotFound(w, r)
			return
		}
		w.Header().Set("Content-Length", fmt.Sprint(len(archive)))
		w.Write(archive)
	}))
	t.Cleanup(server.Close)
	return server, &requests
}

func TestBundleIsDownloadedOnce(t *testing.T) {
	t.Parallel()
	archive := pack(t, goodBundle)
	server, requests := serveArchive(t, archive)
	s := bundleSearch(t, server, integrity(archive))
	var shown bytes.Buffer
	s.bundles.progress = &shown
	for _, place := range []string{"download", "cached bundle"} {
		got, err := s.find(t.Context(), 0)
		if err != nil {
			t.Fatal(err)
		}
		want := installation{bin: s.bundles.bin(), version: "18.4", major: 18, place: place}
		if diff := cmp.Diff(want, got, cmp.AllowUnexported(installation{})); diff != "" {
			t.Errorf("found (-want +got):\n%s", diff)
		}
	}
	if requests.Load() != 1 {
		t.Errorf("%d requests, want 1", requests.Load())
	}
	if want := "downloading PostgreSQL " + bundleVersion + " (0 MB) from " + server.URL + bundlePath +
		"\n"; shown.String() != want {
		t.Errorf("shown %q, want %q", shown.String(), want)
	}
	if got, err := os.Readlink(filepath.Join(s.bundles.path(), "lib", "postgres")); got != "../bin/postgres" {
		t.Errorf("link leads to %q, %v", got, err)
	}
	mustHold(t, s.bundles.dir, "lock", filepath.Base(s.bundles.path()))
}

func TestProcessesAtOnceShareOneDownload(t *testing.T) {
	t.Parallel()
	archive := pack(t, goodBundle)
	server, requests := serveArchive(t, archive)
	s := bundleSearch(t, server, integrity(archive))
	write(t, filepath.Join(s.bundles.dir, "new-of-a-killed-process", "bundle.tgz"), "half", 0o644)
	var all sync.WaitGroup
	for range 4 {
		process, its := *s, *s.bundles
		process.bundles = &its
		all.Go(func() {
			if _, err := process.find(t.Context(), 18); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	if requests.Load() != 1 {
		t.Errorf("%d requests, want 1", requests.Load())
	}
	mustHold(t, s.bundles.dir, "lock", filepath.Base(s.bundles.path()))
}

func TestBadBundlesAreRefused(t *testing.T) {
	t.Parallel()
	good := pack(t, goodBundle)
	with := func(more ...entry) []byte { return pack(t, append(more, goodBundle...)) }
	for name, tt := range map[string]struct {
		archive []byte
		sum     string // "" means the archive's own
		says    string
	}{
		"another sum":                 {good, integrity([]byte("other")), "its sum is " + integrity(good)},
		"cut off":                     {good[:len(good)/2], "", "unexpected EOF"},
		"no archive":                  {[]byte("<html>please log in</html>"), "", "gzip: invalid header"},
		"a name with ..":              {with(entry{name: "package/native/../../../evil", text: "x"}), "", "leads out"},
		"a name with .. at its front": {with(entry{name: "../evil", text: "x"}), "", "leads out"},
		"an absolute name":            {with(entry{name: "package//etc/evil", text: "x"}), "", "leads out"},
		"a symbolic link": {with(entry{name: "package/native/evil", text: "/etc", kind: tar.TypeSymlink}),
			"", "neither a file"},
		"a listed link that leads out": {pack(t, []entry{{name: "package/native/pg-symlinks.json",
			text: `[{"source":"../../../../etc","target":"native/etc"}]`}}), "", "leads out"},
		"a file twice": {with(goodBundle[1]), "", "file exists"},
		"programs that do not run": {pack(t, append([]entry{goodBundle[2]}, entry{name: "package/native/bin/postgres",
			text: "#!/bin/sh\necho no libc >&2; exit 127\n", mode: 0o755})), "", "does not run on this machine"},
		"no programs": {pack(t, goodBundle[3:4]), "", "does not run on this machine"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server, _ := serveArchive(t, tt.archive)
			s := bundleSearch(t, server, tt.sum)
			if tt.sum == "" {
				s.bundles.integrity = integrity(tt.archive)
			}
			got, err := s.find(t.Context(), 0)
			if err == nil {
				t.Fatalf("found %v", got)
			}
			mustSay(t, err, "download: ", tt.says, "remedies:")
			mustHold(t, s.bundles.dir, "lock")
		})
	}
}

func TestDownloadThatBreaksOffLeavesNothing(t *testing.T) {
	t.Parallel()
	archive := pack(t, goodBundle)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Length", fmt.Sprint(len(archive)))
		w.Write(archive[:len(archive)/2])
	}))
	defer server.Close()
	s := bundleSearch(t, server, integrity(archive))
	_, err := s.find(t.Context(), 0)
	if err == nil {
		t.Fatal("half a bundle was taken")
	}
	mustSay(t, err, "unexpected EOF", bundlePath)
	mustHold(t, s.bundles.dir, "lock")
}

func TestRegistryWithoutTheBundle(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.NotFoundHandler())
	defer server.Close()
	_, err := bundleSearch(t, server, "").find(t.Context(), 0)
	mustSay(t, err, "download: there is none for test-x64")
	_, err = bundleSearch(t, server, "sha512-x").find(t.Context(), 0)
	mustSay(t, err, bundlePath+": 404 Not Found")
}

func TestDownloadCarriesTheRegistrysToken(t *testing.T) {
	t.Parallel()
	archive := pack(t, goodBundle)
	var token atomic.Value
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		token.Store(r.Header.Get("Authorization"))
		w.Write(archive) // of unknown length
	}))
	defer server.Close()
	s := bundleSearch(t, server, integrity(archive))
	s.bundles.npm = func() (npmSettings, error) {
		return npmSettings{"registry": server.URL, strings.TrimPrefix(server.URL, "http:") + "/:_authToken": "t0ken"},
			nil
	}
	if _, err := s.find(t.Context(), 0); err != nil {
		t.Fatal(err)
	}
	if token.Load() != "Bearer t0ken" {
		t.Errorf("Authorization: %v", token.Load())
	}
}

func TestDownloadGoesThroughTheProxy(t *testing.T) {
	t.Parallel()
	archive := pack(t, goodBundle)
	proxy, requests := serveArchive(t, archive) // a proxy sees the path of the address that is asked for
	s := bundleSearch(t, proxy, integrity(archive))
	s.bundles.npm = func() (npmSettings, error) {
		return npmSettings{"registry": "http://registry.invalid/repo", "proxy": proxy.URL}, nil
	}
	if _, err := s.find(t.Context(), 0); err != nil {
		t.Fatal(err)
	}
	if requests.Load() != 1 {
		t.Errorf("the proxy saw %d requests", requests.Load())
	}
}

func TestEveryPlatformIsPinned(t *testing.T) {
	t.Parallel()
	for _, platform := range []string{"linux-x64", "linux-arm64", "darwin-x64", "darwin-arm64"} {
		sum, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(bundleIntegrity[platform], "sha512-"))
		if err != nil || len(sum) != sha512.Size {
			t.Errorf("%s: %d bytes, %v", platform, len(sum), err)
		}
	}
}

// mustHold checks that a directory holds just these entries.
func mustHold(t *testing.T, dir string, want ...string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, e := range entries {
		got = append(got, e.Name())
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", dir, diff)
	}
}
