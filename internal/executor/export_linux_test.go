package executor

import "fmt"

// ReapOrphansEvery is ReapOrphans for tests, which do not wait so long.
var ReapOrphansEvery = reapOrphans

// ParentOf is for tests: the parent of a process.
func ParentOf(pid int) int {
	p, _ := readProcess(fmt.Sprintf("/proc/%d/stat", pid))
	return p.parent
}

// GroupWorks is for tests: whether a process of the group is more than a zombie.
func GroupWorks(id int) bool {
	for _, p := range processes() {
		if p.group == id && p.works() {
			return true
		}
	}
	return false
}

// ChildrenOf is for tests: the pids of a process's children, zombies included.
func ChildrenOf(pid int) (pids []int) {
	for _, p := range processes() {
		if p.parent == pid {
			pids = append(pids, p.pid)
		}
	}
	return pids
}
