//go:build !linux

package devpg

// temporaryPrefix begins the names of temporary data directories.
const temporaryPrefix = "pgdue-postgres-"

// memoryDir is a directory in memory: here there is none that is always there.
func memoryDir() string { return "" }
