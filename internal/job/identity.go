package job

import "fmt"

// Identity says in which database rows are. What is not known is zero.
type Identity struct {
	System   int64  // the cluster, as in pg_control_system(); not every role may ask for it
	Database string // its name
}

// Or is made with what is not known of it taken from present.
func (made Identity) Or(present Identity) Identity {
	if made.System == 0 {
		made.System = present.System
	}
	if made.Database == "" {
		made.Database = present.Database
	}
	return made
}

// CopyOf names the database that rows in present were made for, where it is another one; "" where it is the same, as
// far as both are known.
func (made Identity) CopyOf(present Identity) string {
	switch {
	case made.System != 0 && present.System != 0 && made.System != present.System && made.Database == present.Database:
		return made.Database + " of another PostgreSQL cluster"
	case made.System != 0 && present.System != 0 && made.System != present.System,
		made.Database != "" && present.Database != "" && made.Database != present.Database:
		return made.Database
	}
	return ""
}

// CopyReason is why everything is paused where rows are a copy.
func CopyReason(of string) string {
	return fmt.Sprintf("this looks like a restored copy of %s: `scheduler resume --all` to fire here", of)
}

// Identified is what Store.Identify found.
type Identified struct {
	CopyOf string // as Identity.CopyOf
	Pause  Pause  // of everything, where CopyOf is not ""
}
