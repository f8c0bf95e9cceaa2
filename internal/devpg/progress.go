package devpg

import (
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/schollz/progressbar/v3"
)

// progress shows a download to a person: a bar on a terminal, and a line elsewhere, where a bar would be litter.
type progress struct {
	io.Writer // takes what was downloaded
	end       func()
}

// newProgress shows on w a download of size bytes, -1 when that is not known. Errors of w are nobody's concern.
func newProgress(w io.Writer, from string, size int64) progress {
	if w == nil {
		return progress{io.Discard, func() {}}
	}
	what := "PostgreSQL " + bundleVersion
	if !terminal(w) {
		fmt.Fprintf(w, "downloading %s%s from %s\n", what, megabytes(size), from)
		return progress{io.Discard, func() {}}
	}
	bar := progressbar.NewOptions64(size, progressbar.OptionSetWriter(w), progressbar.OptionSetDescription(what),
		progressbar.OptionShowBytes(true), progressbar.OptionFullWidth(),
		progressbar.OptionThrottle(100*time.Millisecond))
	return progress{bar, func() { fmt.Fprintln(w) }}
}

func megabytes(size int64) string {
	if size < 0 {
		return ""
	}
	return fmt.Sprintf(" (%d MB)", (size+500_000)/1_000_000)
}

func terminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	if !ok || strings.EqualFold(os.Getenv("TERM"), "dumb") {
		return false
	}
	info, err := f.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}
