package executor

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"mime"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"golang.org/x/text/encoding/ianaindex"
	"golang.org/x/text/transform"

	"github.com/pgdue/pgdue/internal/job"
)

// HTTP sends requests. An answer of 200–299 whose body arrives whole is success; redirects are not followed.
type HTTP struct {
	// UserAgent is sent where the job declares none, as "pgdue/1.2.3"; "": "pgdue".
	UserAgent string
	// Transport sends the requests; nil: a new connection for each, through the proxy of the node's environment.
	Transport http.RoundTripper
}

// maxAnswer is how much of an answer is read; what follows is nobody's output, and an endless answer must end.
const maxAnswer = 8 << 20

// transport opens a connection for each request. A kept one would break a promise: when the server has closed it, Go
// sends the request again, and counts even a POST as repeatable because it has an Idempotency-Key. An attempt is sent
// once. http.DefaultTransport is left alone, it belongs to the program around us.
var transport = &http.Transport{
	Proxy:                  proxy,
	DialContext:            dialGated(&net.Dialer{Timeout: 30 * time.Second}),
	TLSHandshakeTimeout:    10 * time.Second,
	ExpectContinueTimeout:  time.Second,
	MaxResponseHeaderBytes: 256 << 10,
	ForceAttemptHTTP2:      true,
	DisableKeepAlives:      true,
	DisableCompression:     true, // keep what the server says, not what it unpacks to
}

// proxy is http.ProxyFromEnvironment without the proxy's address, and maybe password, in its error.
func proxy(req *http.Request) (*url.URL, error) {
	u, err := http.ProxyFromEnvironment(req)
	if err != nil {
		return nil, errors.New("the proxy settings in the node's environment are not valid")
	}
	return u, nil
}

func (h *HTTP) queues() []string { return []string{job.KindHTTP.Name} }

// run sends the request of an attempt.
func (h *HTTP) run(ctx context.Context, a *job.Attempt) *end {
	e := new(end)
	req, err := h.request(ctx, a)
	if err != nil {
		e.err = err
		return e
	}
	client := &http.Client{
		Transport:     h.Transport,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	if client.Transport == nil {
		client.Transport = transport
	}
	resp, err := client.Do(req)
	switch {
	case errors.Is(err, errNotBegun):
		e.notBegun = true
		return e
	case err != nil:
		e.fail(ctx, "it had no answer yet", fmt.Errorf("%s %s: %w", req.Method, shown(req.URL), withoutURL(err)))
		return e
	}
	defer resp.Body.Close()
	// After an answer 101 the body is the connection, and its reads know no context.
	defer context.AfterFunc(ctx, func() { resp.Body.Close() })()
	e.status = &resp.StatusCode
	if resp.StatusCode < 200 {
		e.err = fmt.Errorf("%s: the receiver would speak another protocol", statusText(resp))
		return e
	}
	if err := readAnswer(&e.output, resp); err != nil {
		e.fail(ctx, "its answer was not complete: "+statusText(resp),
			fmt.Errorf("%s, then reading the answer: %w", statusText(resp), err))
		return e
	}
	e.err, e.retryAfter = refusal(resp), retryAfter(resp, time.Now())
	return e
}

// fail ends e with an error that may come from ctx, whose end stopped the work at the stage that is given.
func (e *end) fail(ctx context.Context, stage string, err error) {
	e.err = err
	if ctx.Err() != nil {
		e.stopped = stage
	}
}

// request is the declared request with what the work is told about its run. What a run was given is its body.
func (h *HTTP) request(ctx context.Context, a *job.Attempt) (*http.Request, error) {
	work := a.Definition.Work.(*job.HTTP)
	body := cmp.Or(a.Payload, work.Body)
	method := work.Method
	if method == "" {
		method = http.MethodGet
		if body != "" {
			method = http.MethodPost
		}
	}
	ctx = withGate(ctx, a.MayBegin)
	req, err := http.NewRequestWithContext(ctx, method, work.URL, strings.NewReader(body))
	if err != nil {
		return nil, errors.New("the job's method or URL is not valid") // the error of net/url may name a password
	}
	req.Header.Set("User-Agent", cmp.Or(h.UserAgent, "pgdue"))
	if body != "" {
		req.Header.Set("Content-Type", contentType(body))
	}
	for _, name := range slices.Sorted(maps.Keys(work.Headers)) {
		req.Header.Set(name, work.Headers[name])
	}
	req.Header.Set("Pgdue-Job-Id", a.JobID)
	req.Header.Set("Pgdue-Run-Id", a.RunID.String())
	req.Header.Set("Pgdue-Attempt", strconv.Itoa(a.Attempt))
	req.Header.Set("Pgdue-Scheduled-Run-Time", a.ScheduledRunTime.UTC().Format(time.RFC3339Nano))
	req.Header.Set("Pgdue-Fire-Count", strconv.FormatInt(a.FireCount, 10))
	req.Header.Set("Pgdue-First-Run-Time", a.FirstRunTime.UTC().Format(time.RFC3339Nano))
	req.Header.Set("Pgdue-Last-Run-Time", a.LastRunTime.UTC().Format(time.RFC3339Nano))
	req.Header.Set("Idempotency-Key", a.RunID.String())
	return req, nil
}

func contentType(body string) string {
	if json.Valid([]byte(body)) {
		return "application/json"
	}
	return "text/plain; charset=utf-8"
}

// readAnswer reads the body up to maxAnswer bytes, as UTF-8.
func readAnswer(out *tail, resp *http.Response) error {
	body := &io.LimitedReader{R: resp.Body, N: maxAnswer}
	_, err := io.Copy(out, inUTF8(body, resp.Header.Get("Content-Type")))
	if body.N == 0 {
		out.note(fmt.Sprintf("pgdue read no further than %d bytes of the answer", maxAnswer))
	}
	return err
}

// inUTF8 decodes text by the charset of its Content-Type. Without one, and where nobody knows it, the text stays as it
// is.
func inUTF8(text io.Reader, contentType string) io.Reader {
	_, params, err := mime.ParseMediaType(contentType)
	if err != nil || params["charset"] == "" {
		return text
	}
	encoding, err := ianaindex.MIME.Encoding(params["charset"])
	if err != nil || encoding == nil { // nil: known to IANA, and not to us
		return text
	}
	return transform.NewReader(text, encoding.NewDecoder())
}

// refusal is the error that an answer outside 200–299 is.
func refusal(resp *http.Response) error {
	if resp.StatusCode/100 == 2 {
		return nil
	}
	if location, err := resp.Location(); err == nil && resp.StatusCode/100 == 3 {
		return fmt.Errorf("%s to %s: redirects are not followed", statusText(resp), shown(location))
	}
	return errors.New(statusText(resp))
}

// statusText is the status in words of ours, not the server's: "HTTP 503 Service Unavailable".
func statusText(resp *http.Response) string {
	return strings.TrimSpace(fmt.Sprintf("HTTP %d %s", resp.StatusCode, http.StatusText(resp.StatusCode)))
}

// shown is u without what may be secret: user, password, query and fragment.
func shown(u *url.URL) string {
	return (&url.URL{Scheme: u.Scheme, Host: u.Host, Path: u.Path, RawPath: u.RawPath}).String()
}

// withoutURL is what is wrong without net/http's "Post URL:" around it, which shows the query.
func withoutURL(err error) error {
	if around, ok := errors.AsType[*url.Error](err); ok {
		return around.Err
	}
	return err
}
