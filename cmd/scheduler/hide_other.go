//go:build !linux

package main

// overwrite does nothing here.
func overwrite([]string) error { return nil }

// undumpable does nothing here.
func undumpable() error { return nil }
