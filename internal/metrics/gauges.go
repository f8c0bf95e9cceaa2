package metrics

import (
	"context"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/pgdue/pgdue/internal/job"
)

// Source tells what the database holds.
type Source interface {
	Gauges(ctx context.Context) (job.Gauges, error)
}

const (
	// sourceTimeout is how long a scrape waits for the database.
	sourceTimeout = 2 * time.Second
	// sourceEvery is for how long an answer, or its absence, serves.
	sourceEvery = time.Second
)

// gauges asks the source when it is collected. However many scrapes come at once, one question is on its way.
type gauges struct {
	source Source
	up     *prometheus.Desc
	values []gauge

	mu    sync.Mutex // held while the source is asked: the others then take its answer
	asked time.Time
	known job.Gauges
	err   error
}

// gauge is a value of the database.
type gauge struct {
	desc  *prometheus.Desc
	value func(job.Gauges) float64
}

func newGauges(source Source) *gauges {
	describe := func(name, help string) *prometheus.Desc {
		return prometheus.NewDesc(prometheus.BuildFQName(namespace, "", name), help, nil, nil)
	}
	paused := func(what string) *prometheus.Desc {
		return prometheus.NewDesc(prometheus.BuildFQName(namespace, "", "pauses"),
			"Pauses that last: of everything, of labels, of single jobs.", nil, prometheus.Labels{"of": what})
	}
	return &gauges{
		source: source,
		up:     describe("database_up", "Whether the database answered this node's question for the values below."),
		values: []gauge{
			{describe("running_instances", "Running instances that execute, on all nodes."),
				func(g job.Gauges) float64 { return float64(g.Running) }},
			{describe("retrying_instances", "Running instances between two attempts."),
				func(g job.Gauges) float64 { return float64(g.Retrying) }},
			{describe("waiting_runs", "Runs that wait for a free instance."),
				func(g job.Gauges) float64 { return float64(g.Waiting) }},
			{describe("oldest_due_seconds", "For how long the oldest due job has been due; 0 when none is, "+
				"or everything is paused."),
				func(g job.Gauges) float64 { return g.OldestDue.Seconds() }},
			{paused("everything"), func(g job.Gauges) float64 { return float64(g.PausedEverything) }},
			{paused("label"), func(g job.Gauges) float64 { return float64(g.PausedLabels) }},
			{paused("job"), func(g job.Gauges) float64 { return float64(g.PausedJobs) }},
			{describe("nodes_alive", "Nodes that are alive."),
				func(g job.Gauges) float64 { return float64(g.Nodes) }},
			{describe("history_partitions_ahead",
				"Whole days after today for which run_history has partitions; -1: not even today."),
				func(g job.Gauges) float64 { return float64(g.DaysAhead) }},
		},
	}
}

// Describe implements prometheus.Collector.
func (g *gauges) Describe(ch chan<- *prometheus.Desc) {
	ch <- g.up
	for _, v := range g.values {
		ch <- v.desc
	}
}

// Collect implements prometheus.Collector. Without an answer it tells that only: an old one would look like the
// present.
func (g *gauges) Collect(ch chan<- prometheus.Metric) {
	known, err := g.ask()
	if err != nil {
		ch <- prometheus.MustNewConstMetric(g.up, prometheus.GaugeValue, 0)
		return
	}
	ch <- prometheus.MustNewConstMetric(g.up, prometheus.GaugeValue, 1)
	for _, v := range g.values {
		ch <- prometheus.MustNewConstMetric(v.desc, prometheus.GaugeValue, v.value(known))
	}
}

func (g *gauges) ask() (job.Gauges, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if !g.asked.IsZero() && time.Since(g.asked) < sourceEvery {
		return g.known, g.err
	}
	// A scrape that its asker gave up is of use to the next one.
	ctx, cancel := context.WithTimeout(context.Background(), sourceTimeout)
	defer cancel()
	g.known, g.err = g.source.Gauges(ctx)
	g.asked = time.Now()
	return g.known, g.err
}
