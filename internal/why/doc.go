// Package why explains: from the Facts about a job, which the store gathers at one moment, it says in sentences why the
// job does what it does or does not do what it should, what is in its way, and what to do about it. It is pure, and it
// is what `scheduler why` prints.
//
//	Facts ──Explain──▶ Answer: a verdict, and Findings, each with a code, a sentence and a remedy
//
// A finding that blocks says why nothing begins now; the others are worth knowing. Several that block are all told: who
// removes one should not meet the next.
package why
