package server

import (
	"context"
	"mime"
	"net"
	"net/http"
	"net/netip"
	"runtime/debug"
	"strings"

	"github.com/pgdue/pgdue/client"
	"github.com/pgdue/pgdue/internal/job"
)

// recovered turns a panic into a 500 and a log line, or into a cut connection when the answer has begun.
func (s *Server) recovered(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		answer := &begun{ResponseWriter: w}
		defer func() {
			cause := recover()
			if cause == nil {
				return
			}
			if cause == http.ErrAbortHandler {
				panic(cause)
			}
			s.Log.Error("request panicked", "method", r.Method, "path", r.URL.Path, "err", cause, "stack",
				string(debug.Stack()))
			if answer.yes {
				panic(http.ErrAbortHandler)
			}
			refuse(w, http.StatusInternalServerError, "this is a defect of the scheduler; see the server's log")
		}()
		next.ServeHTTP(answer, r)
	})
}

// begun remembers whether the answer has begun.
type begun struct {
	http.ResponseWriter
	yes bool
}

func (b *begun) WriteHeader(status int) {
	b.yes = true
	b.ResponseWriter.WriteHeader(status)
}

func (b *begun) Write(p []byte) (int, error) {
	b.yes = true
	return b.ResponseWriter.Write(p)
}

// Unwrap is for http.ResponseController.
func (b *begun) Unwrap() http.ResponseWriter { return b.ResponseWriter }

// guarded refuses what a web page in the user's browser could send: a request for another host (DNS rebinding), from
// another origin, or with a body of a type that needs no preflight.
func (s *Server) guarded(next http.Handler) http.Handler {
	origin := http.NewCrossOriginProtection()
	origin.SetDenyHandler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		refuse(w, http.StatusForbidden, "this API takes no requests from web pages of other origins")
	}))
	inner := origin.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if contentType := r.Header.Get("Content-Type"); hasBody(r) && !isJSON(contentType) &&
			!isMergePatch(r.Method, contentType) {
			wanted := "application/json"
			if r.Method == http.MethodPatch {
				wanted = mergePatchType
			}
			refuse(w, http.StatusUnsupportedMediaType, "Content-Type is %q; send the body as %s", contentType, wanted)
			return
		}
		next.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), actorKey{}, actorOf(r))))
	}))
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if s.Loopback && !loopbackHost(r.Host) {
			refuse(w, http.StatusMisdirectedRequest,
				"this server listens on a loopback address and does not answer for the host %q; use "+
					"localhost or 127.0.0.1", r.Host)
			return
		}
		inner.ServeHTTP(w, r)
	})
}

// actorKey is under which the context of a request has its actor, since huma's handlers see no more of the request.
type actorKey struct{}

// authorOf is who makes an edit by this request, and why.
func authorOf(ctx context.Context, reason string) job.Author {
	actor, _ := ctx.Value(actorKey{}).(string)
	return job.Author{Actor: actor, Reason: reason}
}

// maxActor is how many bytes of who asks are kept.
const maxActor = 200

// actorOf says who asks: what the header claims, else where the request comes from.
func actorOf(r *http.Request) string {
	if actor := strings.TrimSpace(strings.ToValidUTF8(r.Header.Get(client.ActorHeader), "")); actor != "" {
		return strings.ToValidUTF8(actor[:min(len(actor), maxActor)], "")
	}
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		return job.Somebody
	}
	return job.Somebody + " at " + host
}

// hasBody says whether a request brings a body or is sent like a form, which may be empty.
func hasBody(r *http.Request) bool {
	return r.ContentLength != 0 || r.Method == http.MethodPost && r.Header.Get("Content-Type") != ""
}

func isJSON(contentType string) bool { return isOfType(contentType, "application/json") }

// isMergePatch says whether the body is a merge patch. It needs a preflight as application/json does.
func isMergePatch(method, contentType string) bool {
	return method == http.MethodPatch && isOfType(contentType, mergePatchType)
}

func isOfType(contentType, wanted string) bool {
	kind, _, err := mime.ParseMediaType(contentType)
	return err == nil && kind == wanted
}

// loopbackHost says whether a Host header names this machine: localhost or a loopback address, with any port.
func loopbackHost(host string) bool {
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	if strings.EqualFold(host, "localhost") {
		return true
	}
	addr, err := netip.ParseAddr(strings.Trim(host, "[]"))
	return err == nil && addr.Unmap().IsLoopback()
}

// routed answers what no pattern of mux matches with problem documents instead of plain text.
func routed(mux *http.ServeMux) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h, pattern := mux.Handler(r)
		if pattern != "" {
			mux.ServeHTTP(w, r)
			return
		}
		plain := &unread{header: http.Header{}}
		h.ServeHTTP(plain, r)
		if plain.status == http.StatusMethodNotAllowed {
			allow := plain.header.Get("Allow")
			w.Header().Set("Allow", allow)
			refuse(w, http.StatusMethodNotAllowed, "%s takes %s, not %s", r.URL.Path, allow, r.Method)
			return
		}
		refuse(w, http.StatusNotFound, "there is nothing at %s; /openapi.json lists what there is", r.URL.Path)
	})
}

// unread is an answer of which only status and header matter.
type unread struct {
	header http.Header
	status int
}

func (u *unread) Header() http.Header         { return u.header }
func (u *unread) WriteHeader(status int)      { u.status = status }
func (u *unread) Write(p []byte) (int, error) { return len(p), nil }
