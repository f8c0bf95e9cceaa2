package devpg

import (
	"fmt"
	"net"
	"strconv"
	"strings"
)

// freePort returns the preferred port if it can be listened on, and else one that can. Until the server listens there,
// somebody else may take it.
func freePort(preferred int) (int, error) {
	l, err := listen(preferred)
	if err != nil {
		l, err = listen(0)
	}
	if err != nil {
		return 0, fmt.Errorf("find a free port on 127.0.0.1: %w", err)
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port, nil
}

func listen(port int) (net.Listener, error) {
	return net.Listen("tcp4", net.JoinHostPort("127.0.0.1", strconv.Itoa(port)))
}

// rememberedPort is the port of the last start, which is preferred so that an address once printed stays valid. 0 means
// any.
func (h *home) rememberedPort() int {
	text, _ := h.root.ReadFile("port") // without it any port will do
	port, err := strconv.Atoi(strings.TrimSpace(string(text)))
	if err != nil || port < 1 || port > 65535 {
		return 0
	}
	return port
}

func (h *home) rememberPort(port int) error {
	if err := h.root.WriteFile("port", []byte(strconv.Itoa(port)+"\n"), 0o644); err != nil {
		return fmt.Errorf("remember the server's port: %w", err)
	}
	return nil
}
