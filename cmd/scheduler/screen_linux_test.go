package main

import (
	"os"
	"path/filepath"
	"testing"
)

// Tables are cut on a terminal only: what is piped into a program or a file is whole.
func TestOnlyATerminalHasAWidth(t *testing.T) {
	terminal, err := os.OpenFile("/dev/ptmx", os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer terminal.Close()
	file, err := os.Create(filepath.Join(t.TempDir(), "out"))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	t.Setenv("COLUMNS", "90")
	if got := newScreen(terminal).width; got != 90 {
		t.Errorf("the terminal's width is %d", got)
	}
	if got := newScreen(file).width; got != 0 {
		t.Errorf("the file's width is %d", got)
	}
	t.Setenv("COLUMNS", "")
	if got := newScreen(terminal).width; got != 0 {
		t.Errorf("the width of a terminal that does not know it is %d", got)
	}
}
