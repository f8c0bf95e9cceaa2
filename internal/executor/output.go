package executor

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// How much of an attempt's output is kept, in bytes.
const (
	keepOfSuccess = 4 << 10
	keepOfFailure = 64 << 10
)

// tail is an io.Writer that remembers the last keepOfFailure bytes, in a ring that grows to that size and no further.
// Write never fails. It is not for concurrent use.
type tail struct {
	ring  []byte
	next  int   // where the next byte goes, once the ring is full
	total int64 // bytes ever written
}

func (t *tail) Write(p []byte) (int, error) {
	n := len(p)
	t.total += int64(n)
	if n > keepOfFailure {
		p = p[n-keepOfFailure:]
	}
	grow := min(len(p), keepOfFailure-len(t.ring))
	t.ring = append(t.ring, p[:grow]...)
	for p = p[grow:]; len(p) > 0; {
		copied := copy(t.ring[t.next:], p)
		t.next = (t.next + copied) % keepOfFailure
		p = p[copied:]
	}
	return n, nil
}

// note adds a line of ours.
func (t *tail) note(line string) {
	last := (t.next + len(t.ring) - 1) % max(len(t.ring), 1)
	if len(t.ring) > 0 && t.ring[last] != '\n' {
		t.Write([]byte("\n"))
	}
	fmt.Fprintf(t, "[%s]\n", line)
}

// text is the end of what was written as valid UTF-8 without NUL, at most limit bytes. When something is missing, the
// first line says how many bytes. Each invalid byte and each NUL becomes U+FFFD.
func (t *tail) text(limit int) string {
	kept := append(t.ring[t.next:len(t.ring):len(t.ring)], t.ring[:t.next]...)
	start := startOfLast(kept, limit)
	dropped := t.total - int64(len(kept)-start)
	if dropped == 0 {
		return printable(kept)
	}
	const room = len("[pgdue dropped the first 9223372036854775807 bytes]\n") // the line's longest form
	start = startOfLast(kept, limit-room)
	dropped = t.total - int64(len(kept)-start)
	return fmt.Sprintf("[pgdue dropped the first %d bytes]\n%s", dropped, printable(kept[start:]))
}

// startOfLast is where the longest end of b begins that is at most limit bytes when printable and cuts no rune.
func startOfLast(b []byte, limit int) int {
	start := len(b)
	for start > 0 {
		r, size := utf8.DecodeLastRune(b[:start])
		if r == 0 {
			r = utf8.RuneError
		}
		if limit -= utf8.RuneLen(r); limit < 0 {
			break
		}
		start -= size
	}
	return start
}

// printable is b as PostgreSQL's text can hold it.
func printable(b []byte) string {
	var s strings.Builder
	s.Grow(len(b))
	for _, r := range string(b) { // yields U+FFFD for each invalid byte
		if r == 0 {
			r = utf8.RuneError
		}
		s.WriteRune(r)
	}
	return s.String()
}

// oneLine is s as Result.Error can hold it: printable, without line breaks, of bounded length.
func oneLine(s string) string {
	const limit = 1 << 10
	s = strings.Join(strings.Fields(printable([]byte(s))), " ")
	if len(s) <= limit {
		return s
	}
	cut := limit
	for !utf8.RuneStart(s[cut]) {
		cut--
	}
	return s[:cut] + "…"
}
