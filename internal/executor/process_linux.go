package executor

import (
	"bytes"
	"os"
	"path/filepath"
	"strconv"
	"syscall"
)

// process is one as proc(5) shows it.
type process struct {
	pid, parent, group int
	command            string // as the kernel knows it, 15 bytes at most
	state              byte   // Z: ended, and not waited for
	user               uint32
}

// works says whether it is more than a zombie.
func (p *process) works() bool { return p.state != 'Z' && p.state != 'X' }

// processes lists all that /proc shows. One that ends meanwhile may be missing.
func processes() (list []process) {
	names, _ := filepath.Glob("/proc/[0-9]*/stat")
	for _, name := range names {
		if p, ok := readProcess(name); ok {
			list = append(list, p)
		}
	}
	return list
}

// readProcess reads "pid (comm) state ppid pgrp …", where comm may hold anything.
func readProcess(name string) (p process, ok bool) {
	stat, err := os.ReadFile(name)
	open, end := bytes.IndexByte(stat, '('), bytes.LastIndexByte(stat, ')')
	if err != nil || open < 0 || end < open {
		return p, false
	}
	fields := bytes.Fields(stat[end+1:])
	if len(fields) < 3 {
		return p, false
	}
	var info syscall.Stat_t
	if syscall.Stat(filepath.Dir(name), &info) == nil {
		p.user = info.Uid
	}
	p.pid, _ = strconv.Atoi(string(bytes.TrimSpace(stat[:open])))
	p.command, p.state = string(stat[open+1:end]), fields[0][0]
	p.parent, _ = strconv.Atoi(string(fields[1]))
	p.group, _ = strconv.Atoi(string(fields[2]))
	return p, true
}

// descendants lists the processes below one, in no order, without zombies.
func descendants(of int) (list []process) {
	all := processes()
	below := map[int]bool{of: true}
	for found := true; found; {
		found = false
		for _, p := range all {
			if !below[p.pid] && below[p.parent] {
				below[p.pid], found = true, true
				if p.works() {
					list = append(list, p)
				}
			}
		}
	}
	return list
}
