package job

import "cmp"

// Author says who makes an edit, and why.
type Author struct {
	Actor  string // who, for people: "ada@web-1"; "" when nobody says
	Reason string // why; "" when it was not said
}

// Name is the actor's, Somebody when nobody says.
func (a Author) Name() string { return cmp.Or(a.Actor, Somebody) }

// Somebody is the actor of a change of which nobody says who makes it.
const Somebody = "somebody"

// Itself is the actor of what the scheduler does by itself.
const Itself = "pgdue"
