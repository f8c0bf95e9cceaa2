package devpg

import (
	"cmp"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// npmSettings are npm's configuration keys (https://docs.npmjs.com/cli/using-npm/config), as far as they say how to
// reach a registry. Keys are as in .npmrc: "registry", "https-proxy", "//host/:_authToken".
type npmSettings map[string]string

// readNPM reads the settings of the machine, then of the user, then of the environment; the last word counts. A .npmrc
// of the working directory does not: this is not an npm project, and it could name a registry for the user's token.
func readNPM() (npmSettings, error) {
	env := npmSettings{}
	env.addEnvironment(os.Environ())
	s := npmSettings{}
	for _, file := range npmFiles(env) {
		text, err := os.ReadFile(file)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("read npm's settings: %w", err)
		}
		s.addFile(string(text), os.LookupEnv)
	}
	s.addEnvironment(os.Environ())
	if s["noproxy"] == "" {
		s["noproxy"] = cmp.Or(os.Getenv("NO_PROXY"), os.Getenv("no_proxy"))
	}
	return s, nil
}

// npmFiles are the files of settings, the weakest first.
func npmFiles(env npmSettings) []string {
	files := []string{"/etc/npmrc", "/usr/etc/npmrc", "/usr/local/etc/npmrc", "/opt/homebrew/etc/npmrc"}
	if prefix := env["prefix"]; prefix != "" {
		files = []string{filepath.Join(prefix, "etc", "npmrc")}
	}
	if file := env["globalconfig"]; file != "" {
		files = []string{file}
	}
	if file := env["userconfig"]; file != "" {
		return append(files, file)
	}
	if homeDir, err := os.UserHomeDir(); err == nil {
		files = append(files, filepath.Join(homeDir, ".npmrc"))
	}
	return files
}

// addEnvironment takes npm_config_* in npm's way: any case, underscores for hyphens, keys that begin with // verbatim.
func (s npmSettings) addEnvironment(environ []string) {
	const prefix = "npm_config_"
	for _, entry := range environ {
		name, value, _ := strings.Cut(entry, "=")
		if len(name) <= len(prefix) || !strings.EqualFold(name[:len(prefix)], prefix) || value == "" {
			continue
		}
		key := name[len(prefix):]
		if !strings.HasPrefix(key, "//") {
			key = strings.ToLower(key[:1] + strings.ReplaceAll(key[1:], "_", "-"))
		}
		s[key] = value
	}
}

// addFile takes the lines of an .npmrc: key = value, ; and # for comments, quotes, ${NAME} of the environment.
func (s npmSettings) addFile(text string, lookup func(string) (string, bool)) {
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		key, value, found := strings.Cut(line, "=")
		if !found || strings.HasPrefix(line, ";") || strings.HasPrefix(line, "#") {
			continue
		}
		value = strings.Trim(strings.TrimSpace(value), `"'`)
		s[strings.TrimSpace(key)] = expand(value, lookup)
	}
}

// expand replaces ${NAME}; a name that is not set stays as it is written, as in npm.
func expand(value string, lookup func(string) (string, bool)) string {
	before, rest, found := strings.Cut(value, "${")
	if !found {
		return value
	}
	name, after, found := strings.Cut(rest, "}")
	if !found {
		return value
	}
	set, ok := lookup(name)
	if !ok {
		set = "${" + name + "}"
	}
	return before + set + expand(after, lookup)
}

// registry is the address to fetch from, without a slash at its end.
func (s npmSettings) registry() string {
	for _, key := range []string{"@embedded-postgres:registry", "registry"} {
		if s[key] != "" {
			return strings.TrimRight(s[key], "/")
		}
	}
	return "https://registry.npmjs.org"
}

// authorization is the header for a request to u: what is set for its host and the longest part of its path.
func (s npmSettings) authorization(u *url.URL) string {
	for dir := u.Path; dir != ""; {
		dir = dir[:strings.LastIndexByte(dir, '/')]
		scope := "//" + u.Host + dir + "/:"
		if token := s[scope+"_authToken"]; token != "" {
			return "Bearer " + token
		}
		if basic := s[scope+"_auth"]; basic != "" {
			return "Basic " + basic
		}
		if password, err := base64.StdEncoding.DecodeString(s[scope+"_password"]); err == nil &&
			s[scope+"username"] != "" {
			return "Basic " + base64.StdEncoding.EncodeToString([]byte(s[scope+"username"]+":"+string(password)))
		}
	}
	return ""
}

// client reaches the registry through the proxy and with the certificates that npm would use.
func (s npmSettings) client() (*http.Client, error) {
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.Proxy = s.proxy
	transport.ResponseHeaderTimeout = 30 * time.Second
	if file := s["cafile"]; file != "" {
		pem, err := os.ReadFile(file)
		if err != nil {
			return nil, fmt.Errorf("read npm's cafile: %w", err)
		}
		pool, err := x509.SystemCertPool()
		if err != nil {
			return nil, fmt.Errorf("read the system's certificates: %w", err)
		}
		if !pool.AppendCertsFromPEM(pem) {
			return nil, fmt.Errorf("npm's cafile %s holds no certificate", file)
		}
		transport.TLSClientConfig = &tls.Config{RootCAs: pool}
	}
	return &http.Client{Transport: transport}, nil
}

// proxy is an http.Transport's: npm's own setting if there is one, else HTTP_PROXY, HTTPS_PROXY and NO_PROXY.
func (s npmSettings) proxy(r *http.Request) (*url.URL, error) {
	setting := s["proxy"]
	if r.URL.Scheme == "https" && s["https-proxy"] != "" {
		setting = s["https-proxy"]
	}
	if setting == "" || setting == "null" {
		return http.ProxyFromEnvironment(r)
	}
	if setting == "false" || s.bypassed(r.URL.Hostname()) {
		return nil, nil
	}
	proxy, err := url.Parse(setting)
	if err != nil || proxy.Host == "" {
		return nil, fmt.Errorf("npm's proxy %q is not an address such as http://proxy.example:3128", setting)
	}
	return proxy, nil
}

// bypassed reports whether npm's noproxy, a list of domains, names the host.
func (s npmSettings) bypassed(host string) bool {
	return slices.ContainsFunc(strings.Split(s["noproxy"], ","), func(domain string) bool {
		domain = strings.TrimPrefix(strings.TrimSpace(domain), ".")
		return domain != "" && (host == domain || strings.HasSuffix(host, "."+domain))
	})
}
