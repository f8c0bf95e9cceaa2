package invariant

import (
	"context"
	"strings"

	"github.com/jackc/pgx/v5"
)

// T is what Hold needs of a test.
type T interface {
	Helper()
	Context() context.Context
	Errorf(format string, args ...any)
}

// shown is how many violations a failed test shows: one fault may break every fire.
const shown = 20

// Hold fails a test with what Check finds.
func Hold(t T, conn *pgx.Conn, given ...Given) {
	t.Helper()
	violations, err := Check(t.Context(), conn, given...)
	if err != nil {
		t.Errorf("invariants: %v", err)
	}
	if len(violations) > 0 {
		t.Errorf("%d violations:\n%s", len(violations), Lines(violations))
	}
}

// Lines are the first violations, one in a line.
func Lines(violations []Violation) string {
	var b strings.Builder
	for i, v := range violations {
		if i == shown {
			b.WriteString("…\n")
			break
		}
		b.WriteString(v.String() + "\n")
	}
	return b.String()
}
