package tests

import (
	"go/scanner"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"
)

const maxColumns = 120

// Lines fit beside each other on a screen. What stands in raw strings, as statements and struct tags do, is left as it
// is.
func TestLinesAreNarrow(t *testing.T) {
	t.Parallel()
	seen := 0
	err := filepath.WalkDir("..", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		ext := filepath.Ext(path)
		if ext != ".go" && ext != ".sql" {
			return nil
		}
		src, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		var raw map[int]bool
		if ext == ".go" {
			raw = rawLines(src)
		}
		seen++
		for i, line := range strings.Split(string(src), "\n") {
			if n := columns(line); n > maxColumns && !raw[i+1] {
				t.Errorf("%s:%d: %d columns, where %d fit", path, i+1, n, maxColumns)
			}
		}
		return nil
	})
	if err != nil || seen < 200 {
		t.Errorf("looked at %d files: %v", seen, err)
	}
}

// columns is how wide a line is, with tabs of four.
func columns(line string) int {
	return utf8.RuneCountInString(line) + 3*strings.Count(line, "\t")
}

// rawLines are the lines of a Go file on which a raw string stands.
func rawLines(src []byte) map[int]bool {
	files := token.NewFileSet()
	file := files.AddFile("", files.Base(), len(src))
	var s scanner.Scanner
	s.Init(file, src, nil, 0)
	raw := map[int]bool{}
	for {
		at, tok, text := s.Scan()
		if tok == token.EOF {
			return raw
		}
		if tok == token.STRING && text[0] == '`' {
			first := file.Line(at)
			for n := range 1 + strings.Count(text, "\n") {
				raw[first+n] = true
			}
		}
	}
}
