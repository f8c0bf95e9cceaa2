//go:build !race

package trigger

// slowdown is how much slower than usual the tests run.
const slowdown = 1
