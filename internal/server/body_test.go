package server_test

import (
	"bufio"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/pgdue/pgdue/client"
)

// A body that does not arrive whole is the sender's fault, on every way in.
func TestBodiesThatDoNotArriveWhole(t *testing.T) {
	t.Parallel()
	s, _, _ := newServer(t)
	ts := httptest.NewServer(s.Handler())
	t.Cleanup(ts.Close)
	address := strings.TrimPrefix(ts.URL, "http://")
	for what, request := range map[string]string{
		"ends early":       "POST /v1/jobs HTTP/1.1\r\nContent-Length: 100\r\n@\r\n{\"id\"",
		"malformed chunks": "POST /v1/jobs HTTP/1.1\r\nTransfer-Encoding: chunked\r\n@\r\nnot a length\r\n{}",
		"PUT":              "PUT /v1/jobs/a HTTP/1.1\r\nContent-Length: 100\r\n@\r\n{",
		"PATCH":            "PATCH /v1/jobs/a HTTP/1.1\r\nContent-Length: 100\r\n@\r\n{",
	} {
		conn, err := net.Dial("tcp", address)
		if err != nil {
			t.Fatal(err)
		}
		headers := "Host: " + address + "\r\nContent-Type: application/json\r\n"
		io.WriteString(conn, strings.Replace(request, "@\r\n", headers+"\r\n", 1))
		conn.(*net.TCPConn).CloseWrite()
		answer, err := http.ReadResponse(bufio.NewReader(conn), nil)
		if err != nil {
			t.Errorf("%s: %v", what, err)
			continue
		}
		body, _ := io.ReadAll(answer.Body)
		conn.Close()
		if answer.StatusCode != http.StatusBadRequest || !strings.Contains(string(body), "did not arrive whole") {
			t.Errorf("%s: %d %s", what, answer.StatusCode, body)
		}
	}
	if _, err := (&client.Client{BaseURL: ts.URL}).Jobs(t.Context(), "", 1); err != nil {
		t.Errorf("afterwards: %v", err)
	}
}
