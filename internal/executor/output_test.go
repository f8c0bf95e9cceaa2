package executor

import (
	"fmt"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

func TestTailText(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		writes []string
		want   string
	}{
		{"nothing", nil, ""},
		{"all of it", []string{"one", "two"}, "onetwo"},
		{"exactly the limit", []string{strings.Repeat("x", 100)}, strings.Repeat("x", 100)},
		{"one more than the limit", []string{"a", strings.Repeat("x", 100)},
			"[pgdue dropped the first 53 bytes]\n" + strings.Repeat("x", 48)},
		{"no rune is cut", []string{"a", strings.Repeat("€", 40)},
			"[pgdue dropped the first 73 bytes]\n" + strings.Repeat("€", 16)},
		{"replacements count as what they become", []string{strings.Repeat("\x00", 40)},
			"[pgdue dropped the first 24 bytes]\n" + strings.Repeat("\uFFFD", 16)},
		{"a rune in two writes", []string{"\xe2\x82", "\xac"}, "€"},
		{"invalid and NUL", []string{"a\x00b\xffc\xe2\x82"}, "a\uFFFDb\uFFFDc\uFFFD\uFFFD"},
		{"a replacement character that was printed", []string{"\uFFFD"}, "\uFFFD"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var out tail
			for _, w := range tt.writes {
				fmt.Fprint(&out, w)
			}
			if diff := cmp.Diff(tt.want, out.text(100)); diff != "" {
				t.Errorf("text (-want +got):\n%s", diff)
			}
		})
	}
}

func TestTailLaws(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		var out tail
		var all []byte
		piece := rapid.SliceOfN(rapid.Byte(), 1, 50)
		for range rapid.IntRange(0, 6).Draw(t, "writes") {
			p := []byte(strings.Repeat(string(piece.Draw(t, "piece")), rapid.IntRange(0, 3000).Draw(t, "times")))
			if n, err := out.Write(p); n != len(p) || err != nil {
				t.Fatalf("Write of %d bytes: %d, %v", len(p), n, err)
			}
			all = append(all, p...)
		}
		limit := rapid.SampledFrom([]int{keepOfSuccess, keepOfFailure}).Draw(t, "limit")
		text := out.text(limit)
		if !utf8.ValidString(text) || strings.Contains(text, "\x00") || len(text) > limit {
			t.Fatalf("text of %d bytes is invalid or longer than %d", len(text), limit)
		}
		dropped := 0
		if rest, ok := strings.CutPrefix(text, "[pgdue dropped the first "); ok {
			line, rest, _ := strings.Cut(rest, "\n")
			fmt.Sscan(line, &dropped)
			text = rest
		}
		if want := printable(all[dropped:]); text != want {
			t.Fatalf("text is not what was written after the first %d bytes", dropped)
		}
	})
}

func TestTailNoteStandsOnItsOwnLine(t *testing.T) {
	t.Parallel()
	for _, printed := range []string{"", "done", "done\n", strings.Repeat("x", keepOfFailure+7),
		strings.Repeat("x", keepOfFailure-1) + "\n"} {
		var out tail
		fmt.Fprint(&out, printed)
		out.note("noted")
		text := out.text(keepOfFailure)
		if text != "[noted]\n" && !strings.HasSuffix(text, "\n[noted]\n") || strings.Contains(text, "\n\n") {
			t.Errorf("after %d bytes the text ends in %q", len(printed), text[max(0, len(text)-20):])
		}
	}
}

func TestOneLine(t *testing.T) {
	t.Parallel()
	tests := []struct{ in, want string }{
		{"exit status 3", "exit status 3"},
		{" two\nlines\r\n", "two lines"},
		{"a\x00b\xff", "a\uFFFDb\uFFFD"},
		{strings.Repeat("€", 400), strings.Repeat("€", 341) + "…"},
	}
	for _, tt := range tests {
		if diff := cmp.Diff(tt.want, oneLine(tt.in)); diff != "" {
			t.Errorf("oneLine (-want +got):\n%s", diff)
		}
	}
}
