package why

import (
	"fmt"
	"slices"
	"strings"

	"github.com/pgdue/pgdue/internal/say"
)

// tableLocks tells of locks on whole tables, which exclude every job's claims and completions, and of sessions that
// wait for one: PostgreSQL lets nobody pass them.
func tableLocks(f *Facts) (found []Finding) {
	for i := range f.Holders {
		h := &f.Holders[i]
		if h.Table == "" || slices.ContainsFunc(f.Holders[:i], h.sameLock) {
			continue
		}
		var tables []string
		for j := range f.Holders {
			if o := &f.Holders[j]; h.sameLock(*o) {
				tables = append(tables, "pgdue."+o.Table)
			}
		}
		what, on := "the table "+tables[0]+" is", "it"
		if len(tables) > 1 {
			what, on = "the tables "+several(tables)+" are", "them"
		}
		verb := "holds"
		if h.Waits {
			verb = fmt.Sprintf("waits, behind %s, for", sessions(h.Behind))
		}
		s := fmt.Sprintf("%s locked: %s %s %s on %s, %s", what, h.who(), verb, h.Mode, on, f.doing(h))
		if h.Waits {
			s += "; whoever comes later waits behind it"
		}
		found = append(found, inTheWay(WhyTableLocked, s, h.remedy()))
	}
	return found
}

// sameLock says that o is the same session, at a lock of the same kind on a table.
func (h *Holder) sameLock(o Holder) bool {
	return o.Table != "" && o.PID == h.PID && o.GID == h.GID && o.Mode == h.Mode && o.Waits == h.Waits
}

// rowLocks tells who holds the job's row, which claims pass over. A holder that waits for another one that is told of
// goes on when that one does.
func rowLocks(f *Facts) (found []Finding) {
	for _, h := range f.Holders {
		if h.Table != "" || slices.ContainsFunc(f.Holders,
			func(o Holder) bool { return slices.Contains(h.Behind, o.PID) }) {
			continue
		}
		by := "by"
		if h.OneOf { // by a subtransaction that was released
			by = "by one of several, perhaps by"
		}
		found = append(found, inTheWay(WhyRowLocked,
			fmt.Sprintf("its row in pgdue.next_run_times is locked %s %s, %s; claims pass over it",
				by, h.who(), f.doing(&h)), h.remedy()))
	}
	return found
}

// who names a session as one finds it in pg_stat_activity.
func (h *Holder) who() string {
	if h.PID == 0 {
		return fmt.Sprintf("the prepared transaction %q of user %s", h.GID, h.User)
	}
	s := fmt.Sprintf("pid %d", h.PID)
	if h.User != "" {
		s += ", user " + h.User
	}
	if h.Program != "" {
		s += fmt.Sprintf(", application_name %q", h.Program)
	}
	switch {
	case h.Client != "":
		s += ", from " + h.Client
	case !h.Hidden:
		s += ", from this server's socket"
	}
	return s
}

// doing tells since when and in what.
func (f *Facts) doing(h *Holder) string {
	switch {
	case h.Hidden:
		return "in a transaction of which this database user may see no more (a superuser may: GRANT " +
			"pg_read_all_stats TO the user of --database-url)"
	case h.Since.IsZero():
		return "since an unknown time"
	}
	s := fmt.Sprintf("in a transaction since %s (%s)", say.Time(h.Since), inShort(f.Now.Sub(h.Since)))
	if h.State != "" {
		s += ", " + h.State
	}
	if h.Query != "" {
		s += fmt.Sprintf(", its query: %q", strings.Join(strings.Fields(h.Query), " "))
	}
	return s
}

func (h *Holder) remedy() string {
	if h.PID == 0 {
		return fmt.Sprintf("if its owner has given it up: ROLLBACK PREPARED '%s'", strings.ReplaceAll(h.GID, "'", "''"))
	}
	return fmt.Sprintf("let its owner end the transaction; at last: SELECT pg_terminate_backend(%d)", h.PID)
}

func sessions(pids []int) string {
	list := make([]string, len(pids))
	for i, pid := range pids {
		list[i] = fmt.Sprint(pid)
	}
	if len(list) == 0 {
		return "others"
	}
	return "pid " + several(list)
}
