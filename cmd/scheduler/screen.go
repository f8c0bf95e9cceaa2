package main

import (
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/term"
)

// screen is the way of all text to the user: what stands in it, of whomever it is, cannot drive the terminal. It writes
// control characters (C0 but for line breaks and tabs, DEL, C1), those that change the direction of text, and line
// separators as \u001b. In JSON that is the same text still. Bytes that are not UTF-8, which some terminals take for
// C1, become \x9b. A character does not go over two calls of Write.
type screen struct {
	to    io.Writer
	width int  // into which tables are cut; 0 for anything but a terminal
	wide  bool // whether tables show all their columns
}

// newScreen is the screen on a file or on what a test reads.
func newScreen(to io.Writer) *screen {
	f, ok := to.(*os.File)
	if !ok || !term.IsTerminal(int(f.Fd())) {
		return &screen{to: to}
	}
	if columns, err := strconv.Atoi(os.Getenv("COLUMNS")); err == nil && columns > 0 { // as ps and others have it
		return &screen{to: to, width: columns}
	}
	width, _, err := term.GetSize(int(f.Fd()))
	if err != nil {
		width = 0
	}
	return &screen{to: to, width: width}
}

func (s *screen) Write(p []byte) (int, error) {
	text := string(p)
	if shown := visible(text); shown != text {
		p = []byte(shown)
	}
	if n, err := s.to.Write(p); err != nil {
		return min(n, len(text)), err
	}
	return len(text), nil
}

// visible is a text as a screen shows it.
func visible(text string) string {
	if !strings.ContainsFunc(text, hidden) {
		return text
	}
	var b strings.Builder
	for i, r := range text {
		_, size := utf8.DecodeRuneInString(text[i:])
		switch {
		case r == utf8.RuneError && size == 1:
			fmt.Fprintf(&b, `\x%02x`, text[i])
		case hidden(r) && r != utf8.RuneError:
			fmt.Fprintf(&b, `\u%04x`, r)
		default:
			b.WriteRune(r)
		}
	}
	return b.String()
}

// hidden says whether a screen does not write a character as it is. A RuneError may be a byte that is not UTF-8.
func hidden(r rune) bool {
	return unicode.IsControl(r) && r != '\n' && r != '\t' || unicode.Is(unicode.Bidi_Control, r) ||
		r == '\u2028' || r == '\u2029' || r == utf8.RuneError
}

// oneLine is a text as it is shown within a line.
func oneLine(s string) string {
	return visible(strings.NewReplacer("\r\n", " ", "\n", " ", "\r", " ", "\t", " ").Replace(s))
}

// printable keeps the lines of an output.
func printable(output string) string {
	lines := strings.Split(strings.TrimSuffix(output, "\n"), "\n")
	for i, l := range lines {
		lines[i] = oneLine(strings.ReplaceAll(strings.TrimSuffix(l, "\r"), "\t", "    "))
	}
	return strings.Join(lines, "\n")
}
