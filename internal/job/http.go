package job

import (
	"maps"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/pgdue/pgdue/internal/say"
)

// HTTP sends a request; an answer of 200–299 is success.
type HTTP struct {
	Method  string            `json:"method,omitempty"` // default POST when there is a body, else GET
	URL     string            `json:"url"`
	Headers map[string]string `json:"headers,omitempty"`
	Body    string            `json:"body,omitempty"`
}

// KindHTTP is the kind of work that sends a request. One without a limit would hold its instance for ever.
var KindHTTP = &Kind{
	Name:    "http",
	New:     func() Work { return &HTTP{} },
	Timeout: 60 * time.Second,
	Codes:   Codes{Prefix: "http", Low: 100, High: 599, Classes: true, Examples: "http:503, http:5xx"},
	Example: `"http": {"url": "https://example.org/ping"}`,
	Serve:   "scheduler serve --database-url …",
}

// Kind is KindHTTP.
func (h *HTTP) Kind() *Kind { return KindHTTP }

// Queue is http.
func (h *HTTP) Queue() string { return KindHTTP.Name }

var validHeader = regexp.MustCompile("^[!#$%&'*+.^_`|~0-9A-Za-z-]+$") // RFC 9110, section 5.6.2: token

// ofConnection are headers that speak of a connection, not of a request (RFC 9110, sections 7.2 and 7.6.1), in small
// letters.
var ofConnection = map[string]bool{
	"host": true, "connection": true, "keep-alive": true, "proxy-connection": true, "proxy-authenticate": true,
	"proxy-authorization": true, "te": true, "trailer": true, "transfer-encoding": true, "upgrade": true,
	"content-length": true,
}

func (h *HTTP) checkURL(v *violations, field string) {
	u, err := url.Parse(h.URL)
	switch {
	case err != nil || (u.Scheme != "http" && u.Scheme != "https") || u.Hostname() == "":
		v.add(field, "%s is not an absolute http or https URL, as in https://example.org/ping",
			say.Quoted(maskURLs(h.URL)))
	case !validPort(u.Port()):
		v.add(field, "%s has the port %s, and ports are 1 to 65535", say.Quoted(maskURLs(h.URL)), u.Port())
	case strings.ContainsFunc(h.URL, func(r rune) bool { return r <= ' ' || r == 0x7f }):
		v.add(field, "%s holds a space or a control character; write a space as %%20, in a query also as +",
			say.Quoted(maskURLs(h.URL)))
	}
}

// validPort says whether a port of a URL is one; none is that of the scheme.
func validPort(port string) bool {
	n, err := strconv.Atoi(port)
	return port == "" || err == nil && 1 <= n && n <= 65535
}

func (h *HTTP) check(v *violations, field string) {
	h.checkURL(v, field+".url")
	switch {
	case h.Method == "":
	case !validHeader.MatchString(h.Method):
		v.add(field+".method", "%s is not a method such as GET or POST", say.Quoted(h.Method))
	case h.Method != strings.ToUpper(h.Method):
		v.add(field+".method", "%s is sent as it is written, and methods are written in capitals: %s",
			say.Quoted(h.Method), strings.ToUpper(h.Method))
	}
	for _, name := range slices.Sorted(maps.Keys(h.Headers)) {
		switch {
		case !validHeader.MatchString(name):
			v.add(entry(field+".headers", name), "%s is not a header name of letters, digits and -", say.Quoted(name))
		case ofConnection[strings.ToLower(name)]:
			v.add(entry(field+".headers", name),
				"is set by the sender of the request, from its URL and its connection; leave it out")
		case strings.ContainsFunc(h.Headers[name], func(r rune) bool { return r < ' ' && r != '\t' || r == 0x7f }):
			v.add(entry(field+".headers", name),
				"holds a line break or another control character; a header is one line")
		}
	}
	if strings.ContainsRune(h.Body, 0) {
		v.add(field+".body", "holds a NUL byte, which the database cannot keep; encode it, as in base64")
	}
}
