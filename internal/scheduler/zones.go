package scheduler

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/pgdue/pgdue/internal/job"
	"github.com/pgdue/pgdue/internal/policy"
)

// zoneLoop sees that next runs are as the rules of time zones say that this node knows: when it begins, and when the
// machine gets others. While another node has others, it computes nothing anew beside that, as the two would move the
// same jobs to and fro; it warns instead.
type zoneLoop struct {
	store   Store
	node    job.Node
	tzdata  func() string
	story   *story
	refresh func() (changed bool)

	pending bool // there may be next runs by other rules

	mu     sync.Mutex // guards others
	others []job.ZoneRules
}

// zonesEvery is the time between two looks at the machine's rules, which cost some tens of milliseconds.
const zonesEvery = 10 * time.Minute

const zonesRemedy = "give all machines the same tzdata; each node sees it within ten minutes"

func (l *zoneLoop) run(ctx context.Context) error {
	l.pending = true
	for ctx.Err() == nil {
		if err := l.look(ctx); err != nil && ctx.Err() == nil {
			l.story.zonesNotLookedAt(err)
		}
		sleep(ctx, jittered(zonesEvery))
	}
	return nil
}

// look looks at the rules of this node and of others, and computes anew what may be wrong.
func (l *zoneLoop) look(ctx context.Context) error {
	if l.refresh() {
		l.pending = true
		l.node.ZoneRules, l.node.TZData = policy.ZoneRules(), l.tzdata()
		l.story.zonesChanged(l.node)
		if err := l.store.TellZoneRules(ctx, l.node.ID, l.node.ZoneRules, l.node.TZData); err != nil {
			return err
		}
	}
	others, err := l.store.OtherZoneRules(ctx, l.node.ZoneRules)
	if err != nil {
		return err
	}
	if l.differ(others) {
		l.story.zonesDiffer(l.node, others, zonesRemedy)
	}
	if len(others) > 0 && !l.pending {
		return nil
	}
	by := job.Author{Actor: fmt.Sprintf("%s on %s", job.Itself, l.node.Name)}
	if err := l.store.Rezone(ctx, by, l.story.rezoned); err != nil {
		return err
	}
	l.pending = false
	return nil
}

// differ keeps which nodes have other rules, and says whether that is new.
func (l *zoneLoop) differ(others []job.ZoneRules) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	news := len(others) > 0 && !slices.Equal(l.others, others)
	l.others = others
	return news
}

func (l *zoneLoop) warnings() []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.others) == 0 {
		return nil
	}
	return []string{fmt.Sprintf("local times are computed by other time zone rules on %s than here (tzdata %s): %s",
		zonesOf(l.others), l.tzdata(), zonesRemedy)}
}

// zonesOf names nodes and their rules.
func zonesOf(nodes []job.ZoneRules) string {
	var names []string
	for _, n := range nodes[:min(len(nodes), 5)] {
		names = append(names, fmt.Sprintf("%s (tzdata %s)", n.Name, n.TZData))
	}
	if more := len(nodes) - len(names); more > 0 {
		names = append(names, fmt.Sprintf("%d more", more))
	}
	return strings.Join(names, ", ")
}
