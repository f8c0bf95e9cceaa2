package scheduler

import (
	"bytes"
	"context"
	"log/slog"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pgdue/pgdue/internal/job"
)

// Next runs are computed anew when a node begins and when its machine gets other rules; beside that only while all
// nodes have the same, of which a node warns.
func TestZoneRulesAreFollowed(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var changed, differ atomic.Bool
		f := &fake{zones: func() []job.ZoneRules {
			if !differ.Load() {
				return nil
			}
			return []job.ZoneRules{{Name: "web-2", TZData: "2025b"}}
		}}
		s := node(f, quickly)
		log := &bytes.Buffer{}
		s.Log, s.TZData = slog.New(slog.NewTextHandler(log, nil)), func() string { return "2026a" }
		register(t, s)
		s.zones.refresh = func() bool { return changed.Swap(false) }
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error)
		go func() { done <- s.zones.run(ctx) }()
		const (
			warns = "local times are computed by other time zone rules on web-2 (tzdata 2025b) than here (tzdata " +
				"2026a)"
			differs = `msg="nodes compute local times by different rules of time zones" node=`
		)
		rezoned := func() int { f.mu.Lock(); defer f.mu.Unlock(); return f.rezoned }
		for _, c := range []struct {
			name            string
			differ, changed bool
			anew            bool
		}{
			{"all alike", false, false, true},
			{"another differs", true, false, false},
			{"it still does", true, false, false},
			{"the machine gets others", true, true, true},
			{"alike again", false, false, true},
		} {
			differ.Store(c.differ)
			changed.Store(c.changed)
			before := rezoned()
			time.Sleep(2 * zonesEvery)
			synctest.Wait()
			if got := rezoned() > before; got != c.anew {
				t.Errorf("%s: computed anew %v, want %v", c.name, got, c.anew)
			}
			if got := strings.Join(s.Warnings(), ""); strings.Contains(got, warns) != c.differ {
				t.Errorf("%s: the warnings are %q", c.name, got)
			}
		}
		cancel()
		<-done
		if n := strings.Count(log.String(), differs); n != 1 {
			t.Errorf("that nodes differ was told %d times, want once:\n%s", n, log)
		}
		if n := strings.Count(log.String(), `msg="the machine has other rules of time zones`); n != 1 {
			t.Errorf("that the rules changed was told %d times, want once:\n%s", n, log)
		}
	})
}
