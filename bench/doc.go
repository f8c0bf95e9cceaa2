// Package bench measures internal/trigger beside other schedulers' libraries. It is a module of its own, so that they
// never become dependencies of pgdue:
//
//	cd bench && go test -bench . -benchmem
package bench
