package say

import (
	"fmt"
	"regexp"
	"strings"
	"time"
)

// Time writes a moment in UTC, to the millisecond.
func Time(t time.Time) string { return t.UTC().Format("2006-01-02 15:04:05.999 UTC") }

// Duration writes a duration to the precision that a person needs: of a second or more a tenth of a second, of a
// millisecond or more a millisecond.
func Duration(d time.Duration) string {
	switch {
	case d >= time.Second:
		return d.Round(100 * time.Millisecond).String()
	case d >= time.Millisecond:
		return d.Round(time.Millisecond).String()
	}
	return d.Round(time.Microsecond).String()
}

// Count writes how many there are of a thing: "1 run", "2 runs".
func Count(n int64, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}

// Because is what was done, and why where that was said.
func Because(what, reason string) string {
	if reason == "" {
		return what
	}
	return what + ": " + reason
}

// Brief is somebody else's text, such as an error, cut to what a sentence can hold.
func Brief(text string) string { return cut(text, 300) }

// Quoted is a user's value in quotes, cut to what a message can hold.
func Quoted(value string) string { return fmt.Sprintf("%q", cut(value, 60)) }

// cut leaves of a text what begins within its first bytes, and cuts no character in two.
func cut(text string, bytes int) string {
	for i := range text {
		if i >= bytes {
			return text[:i] + "…"
		}
	}
	return text
}

var plainWord = regexp.MustCompile(`^[A-Za-z0-9._/:@=,+%-]+$`)

// ShellWord quotes a word that a shell would not take as one.
func ShellWord(word string) string {
	if plainWord.MatchString(word) {
		return word
	}
	return "'" + strings.ReplaceAll(word, "'", `'\''`) + "'"
}
