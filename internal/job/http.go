package job

import (
	"maps"
	"net/url"
	"regexp"
	"slices"
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

func (h *HTTP) check(v *violations, field string) {
	u, err := url.Parse(h.URL)
	if err != nil || (u.Scheme != "http" && u.Scheme != "https") || u.Host == "" {
		v.add(field+".url", "%s is not an absolute http or https URL, as in https://example.org/ping",
			say.Quoted(h.URL))
	}
	if h.Method != "" && !validHeader.MatchString(h.Method) {
		v.add(field+".method", "%s is not a method such as GET or POST", say.Quoted(h.Method))
	}
	for _, name := range slices.Sorted(maps.Keys(h.Headers)) {
		if !validHeader.MatchString(name) {
			v.add(entry(field+".headers", name), "%s is not a header name of letters, digits and -", say.Quoted(name))
		} else if strings.ContainsAny(h.Headers[name], "\r\n\x00") {
			v.add(entry(field+".headers", name), "holds a line break or NUL byte; a header is one line")
		}
	}
	if strings.ContainsRune(h.Body, 0) {
		v.add(field+".body", "holds a NUL byte, which the database cannot keep; encode it, as in base64")
	}
}
