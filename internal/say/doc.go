// Package say holds the few ways in which times, durations, counts and names are written for people, so that a log
// line, a record and an answer write them alike.
package say
