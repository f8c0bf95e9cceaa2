package devpg

import (
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestNPMFile(t *testing.T) {
	t.Parallel()
	s := npmSettings{"registry": "https://before.example"}
	s.addFile(`
; a comment = no key
# another = one
registry = https://npm.example/repo/
@embedded-postgres:registry="https://scoped.example"
//npm.example/repo/:_authToken=${TOKEN}-${MISSING}-${
strict-ssl
`, func(name string) (string, bool) { return "secret", name == "TOKEN" })
	want := npmSettings{
		"registry":                       "https://npm.example/repo/",
		"@embedded-postgres:registry":    "https://scoped.example",
		"//npm.example/repo/:_authToken": "secret-${MISSING}-${",
	}
	if diff := cmp.Diff(want, s); diff != "" {
		t.Errorf("settings (-want +got):\n%s", diff)
	}
}

func TestNPMEnvironment(t *testing.T) {
	t.Parallel()
	s := npmSettings{"registry": "https://before.example"}
	s.addEnvironment([]string{
		"npm_config_registry=https://npm.example", "NPM_CONFIG_HTTPS_PROXY=http://proxy.example:3128",
		"npm_config_//npm.example/:_authToken=t", "npm_config_=x", "npm_config_proxy=", "npm_other=x", "PATH=/bin",
	})
	want := npmSettings{
		"registry":                  "https://npm.example",
		"https-proxy":               "http://proxy.example:3128",
		"//npm.example/:_authToken": "t",
	}
	if diff := cmp.Diff(want, s); diff != "" {
		t.Errorf("settings (-want +got):\n%s", diff)
	}
}

func TestNPMLastWordCounts(t *testing.T) {
	for _, entry := range os.Environ() {
		if name, _, _ := strings.Cut(entry, "="); strings.HasPrefix(strings.ToLower(name), "npm_config_") {
			t.Setenv(name, "")
		}
	}
	home := t.TempDir()
	t.Setenv("HOME", home)
	t.Setenv("NO_PROXY", "inside.example")
	t.Setenv("npm_config_globalconfig", filepath.Join(home, "global"))
	write(t, filepath.Join(home, "global"), "registry=https://machine.example\nproxy=http://machine.example:1\n", 0o600)
	write(t, filepath.Join(home, ".npmrc"), "registry=https://user.example\ncafile=/user.pem\n", 0o600)
	t.Setenv("npm_config_cafile", "/env.pem")
	got, err := readNPM()
	if err != nil {
		t.Fatal(err)
	}
	for key, want := range map[string]string{"registry": "https://user.example", "proxy": "http://machine.example:1",
		"cafile": "/env.pem", "noproxy": "inside.example"} {
		if got[key] != want {
			t.Errorf("%s is %q, want %q", key, got[key], want)
		}
	}
	if _, err := got.client(); err == nil {
		t.Error("a cafile that does not exist was accepted")
	}
	t.Setenv("npm_config_userconfig", filepath.Join(home, "mine"))
	write(t, filepath.Join(home, "mine"), "registry=https://mine.example\n", 0o600)
	if got, err := readNPM(); err != nil || got.registry() != "https://mine.example" {
		t.Errorf("with a userconfig: %q, %v", got.registry(), err)
	}
}

func TestRegistry(t *testing.T) {
	t.Parallel()
	for want, s := range map[string]npmSettings{
		"https://registry.npmjs.org": {},
		"https://npm.example/repo":   {"registry": "https://npm.example/repo/"},
		"https://scoped.example": {"registry": "https://npm.example",
			"@embedded-postgres:registry": "https://scoped.example"},
	} {
		if got := s.registry(); got != want {
			t.Errorf("%v: registry %q, want %q", s, got, want)
		}
	}
}

func TestAuthorizationGoesToItsRegistryOnly(t *testing.T) {
	t.Parallel()
	s := npmSettings{
		"//npm.example/:_authToken":      "wide",
		"//npm.example/repo/:_authToken": "narrow",
		"//basic.example:8443/:_auth":    "dXNlcjpwdw==",
		"//old.example/:username":        "user",
		"//old.example/:_password":       "cHc=",
		"_authToken":                     "of no registry",
	}
	for address, want := range map[string]string{
		"https://npm.example/@embedded-postgres/x.tgz":  "Bearer wide",
		"https://npm.example/repo/@embedded-postgres/x": "Bearer narrow",
		"https://npm.example/repository/x":              "Bearer wide",
		"https://basic.example:8443/x":                  "Basic dXNlcjpwdw==",
		"https://basic.example/x":                       "",
		"https://old.example/x":                         "Basic dXNlcjpwdw==",
		"https://npm.example.evil.example/x":            "",
	} {
		if got := s.authorization(parseURL(t, address)); got != want {
			t.Errorf("%s: %q, want %q", address, got, want)
		}
	}
}

func TestProxy(t *testing.T) {
	t.Parallel()
	both := npmSettings{"proxy": "http://plain.example:1", "https-proxy": "http://secure.example:2",
		"noproxy": "inside.example, .corp.example"}
	for _, tt := range []struct {
		settings npmSettings
		address  string
		want     string
	}{
		{both, "http://npm.example/x", "http://plain.example:1"},
		{both, "https://npm.example/x", "http://secure.example:2"},
		{both, "https://npm.inside.example/x", ""},
		{both, "https://inside.example/x", ""},
		{both, "https://npm.corp.example/x", ""},
		{both, "https://notinside.example/x", "http://secure.example:2"},
		{npmSettings{"proxy": "http://plain.example:1"}, "https://npm.example/x", "http://plain.example:1"},
		{npmSettings{"proxy": "false"}, "https://npm.example/x", ""},
	} {
		got, err := tt.settings.proxy(&http.Request{URL: parseURL(t, tt.address)})
		if err != nil {
			t.Errorf("%s: %v", tt.address, err)
		}
		if text := proxyText(got); text != tt.want {
			t.Errorf("%s through %q, want %q", tt.address, text, tt.want)
		}
	}
	if _, err := (npmSettings{"proxy": "proxy.example"}).proxy(&http.Request{URL: parseURL(t,
		"https://npm.example")}); err == nil {
		t.Error("a proxy that is not an address was accepted")
	}
}

func proxyText(u *url.URL) string {
	if u == nil {
		return ""
	}
	return u.String()
}

func parseURL(t *testing.T, address string) *url.URL {
	t.Helper()
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	return u
}
