// Package examples holds job files that run: load one with `scheduler add -f FILE` or `scheduler dev -f FILE`.
package examples

import _ "embed"

// MaxInstances is max-instances.yaml, the scenario of `scheduler dev --demo`.
//
//go:embed max-instances.yaml
var MaxInstances []byte
