// Package trigger says when a job fires: it reads, checks, describes and walks triggers. It is pure: it reads no clock
// and imports only the standard library, with the time zones embedded.
//
// # Model
//
// A Trigger is a set of instants in the years 1970–2199, in whole microseconds. Its definition comes from JSON (Parse);
// Anchored binds it to the moment from which it counts, and cuts off all that lies before. What remains can be walked
// (Next), searched backwards (Last) and counted (Count), each without a loop over the time that passed.
//
// Three kinds of number line are kept apart by type:
//
//	instant   microseconds of elapsed time since 1970-01-01T00:00:00Z
//	wall      what a clock on the wall shows, as microseconds since 1970-01-01T00:00:00 on that same clock
//	zone      maps one to the other: a list of spans, each with one offset; wall = instant + offset
//
// Date and interval triggers live on instants. Cron and calendar triggers are enumerated on the wall first, where every
// day has 24 hours, and mapped to instants second, by the policy for the gap and the overlap at a transition. So no
// fire is lost by arithmetic across a transition:
//
//	wall     01:30   02:30          candidates, every day alike
//	           |       |  \
//	instant  01:30     |   03:30    spring: 02:30 does not exist; shift, skip or edge (03:00)
//	         01:30   02:30  02:30'  autumn: 02:30 comes twice; auto, first, second or both
//
// # Invariants
//
//   - Next(t) is after t; a fire time is reported once, however many candidates map to it.
//   - Next, Last and Count agree: they walk one set.
//   - Every walk is bounded. Only all and except may have to stop early; they say how far they have looked.
//   - Parse(MarshalJSON(t)) is t, and equal definitions have equal bytes.
package trigger
