package main

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/pgdue/pgdue/client"
)

const skipSentence = "maximum number of running instances reached (1): max_instances 13 would be"

func skippedRuns(t *testing.T, s *screen) string {
	t.Helper()
	at := time.Date(2026, 3, 1, 9, 0, 0, 0, time.UTC)
	var b strings.Builder
	s.to = &b
	err := printRuns(s, []client.Run{{
		RunID: "ed24e128-20f2-5900-ae38-3b7cc4f2b31c", Attempt: 1, Cause: "schedule", State: client.RunEnded,
		Final: true, Outcome: "skipped", Reason: "max_instances", Sentence: skipSentence, ScheduledRunTime: at,
		EndedAt: at, Node: "web-1",
	}}, time.UTC, at)
	if err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// A line goes over a terminal's edge in no table: what can be spared goes first, and what is missing is told by ….
func TestTableFitsItsTerminal(t *testing.T) {
	t.Parallel()
	for width, want := range map[int]string{
		0: `
RUN TIME                 OUTCOME  REASON         DURATION  RUN                                   WHAT HAPPENED
2026-03-01 09:00:00 UTC  skipped  max_instances            ed24e128-20f2-5900-ae38-3b7cc4f2b31c  ` + skipSentence,
		140: `
RUN TIME                 OUTCOME  REASON         DURATION  RUN                                   WHAT HAPPENED
2026-03-01 09:00:00 UTC  skipped  max_instances            ed24e128-20f2-5900-ae38-3b7cc4f2b31c  ` +
			`maximum number of running instances reache…`,
		100: `
RUN TIME                 OUTCOME  REASON         DURATION  WHAT HAPPENED
2026-03-01 09:00:00 UTC  skipped  max_instances            maximum number of running instances reac…`,
		80: `
RUN TIME                 OUTCOME  REASON         DURATION  WHAT HAPPENED
2026-03-01 09:00:00 UTC  skipped  max_instances            maximum number of ru…`,
		20: `
RUN TIME…
2026-03-01 09:00:00…`,
	} {
		got := skippedRuns(t, &screen{width: width})
		if diff := cmp.Diff(strings.TrimPrefix(want, "\n")+"\n", got); diff != "" {
			t.Errorf("width %d (-want +got):\n%s", width, diff)
		}
	}
	wide := skippedRuns(t, &screen{wide: true})
	for _, want := range []string{"CAUSE", "STARTED", "ENDED", "NODE", "web-1", skipSentence} {
		if !strings.Contains(wide, want) {
			t.Errorf("-o wide lacks %s:\n%s", want, wide)
		}
	}
}

// Whatever the cells are, no line is longer than the terminal.
func TestNoLineIsLongerThanItsTerminal(t *testing.T) {
	t.Parallel()
	for width := 1; width < 200; width++ {
		tab := newTable("A", "B", "C")
		tab.row(strings.Repeat("å", 60), strings.Repeat("b", 60), strings.Repeat("c", 30))
		tab.row("", "x y", strings.Repeat("世", 61))
		var b strings.Builder
		if err := tab.print(&screen{to: &b, width: width}); err != nil {
			t.Fatal(err)
		}
		for line := range strings.Lines(b.String()) {
			if n := len([]rune(strings.TrimSuffix(line, "\n"))); n > width {
				t.Errorf("width %d: a line of %d: %s", width, n, line)
			}
		}
	}
}
