package main

import (
	"bytes"
	"fmt"
	"os"

	"golang.org/x/sys/unix"
)

// overwrite makes crosses of texts in what the kernel shows of the arguments and the environment with which this
// process was started: memory of its own, which /proc shows to others. Go has copied the environment, and not the
// arguments, so who goes on to use one of these has cloned it.
func overwrite(texts []string) error {
	stat, err := os.ReadFile("/proc/self/stat")
	if err != nil {
		return err
	}
	// proc(5): after the command's name in brackets come the fields from the third on; 48 to 51 are the bounds of the
	// arguments and the environment.
	fields := bytes.Fields(stat[bytes.LastIndexByte(stat, ')')+1:])
	if len(fields) < 49 {
		return fmt.Errorf("/proc/self/stat has %d fields", len(fields)+2)
	}
	memory, err := os.OpenFile("/proc/self/mem", os.O_RDWR, 0)
	if err != nil {
		return err
	}
	defer memory.Close()
	for _, bounds := range [][][]byte{fields[45:47], fields[47:49]} {
		if err := overwriteBetween(memory, bounds, texts); err != nil {
			return err
		}
	}
	return nil
}

func overwriteBetween(memory *os.File, bounds [][]byte, texts []string) error {
	var start, end int64
	if _, err := fmt.Sscan(string(bounds[0])+" "+string(bounds[1]), &start, &end); err != nil {
		return err
	}
	shown := make([]byte, end-start)
	if _, err := memory.ReadAt(shown, start); err != nil {
		return err
	}
	for _, text := range texts {
		for at, rest := 0, shown; text != ""; rest = shown[at:] {
			i := bytes.Index(rest, []byte(text))
			if i < 0 {
				break
			}
			at += i
			crosses := bytes.Repeat([]byte{'x'}, len(text))
			copy(shown[at:], crosses)
			if _, err := memory.WriteAt(crosses, start+int64(at)); err != nil {
				return err
			}
		}
	}
	return nil
}

// undumpable lets no other process of this user read the memory of this one.
func undumpable() error { return unix.Prctl(unix.PR_SET_DUMPABLE, 0, 0, 0, 0) }
