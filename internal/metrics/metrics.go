package metrics

import (
	"net/http"
	"sync"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/pgdue/pgdue/internal/job"
	"github.com/pgdue/pgdue/internal/policy"
)

// Metrics is the scheduler.Metrics of one node, over all its registrations.
type Metrics struct {
	registry *prometheus.Registry
	jobs     *jobLabels // nil: no job labels

	lateness    *prometheus.HistogramVec
	duration    *prometheus.HistogramVec
	fires       *prometheus.CounterVec
	claimJobs   prometheus.Histogram
	claimErrors prometheus.Counter
	blocked     prometheus.Counter
	stale       prometheus.Counter
	dropped     prometheus.Counter
	folded      prometheus.Counter
	keepErrors  prometheus.Counter
	ahead       prometheus.Gauge
}

// New makes the metrics of a node. Its gauges come from source. With jobLabels, the fires are counted by job too.
func New(source Source, jobLabels bool) *Metrics {
	m := &Metrics{registry: prometheus.NewRegistry()}
	labels := []string{"outcome", "reason"}
	if jobLabels {
		m.jobs, labels = newJobLabels(), append(labels, "job")
	}
	m.lateness = histograms("run_lateness_seconds", "How long after their nominal time runs began.", latenessBuckets,
		"executor")
	m.duration = histograms("run_duration_seconds", "How long attempts of runs took.", durationBuckets, "executor",
		"outcome")
	m.fires = prometheus.NewCounterVec(prometheus.CounterOpts{
		Namespace: namespace, Name: "fires_total",
		Help: "Fire times by how they ended, for good; reason says why they were skipped."}, labels)
	m.claimJobs = prometheus.NewHistogram(prometheus.HistogramOpts{
		Namespace: namespace, Name: "claim_jobs", Help: "How many jobs one claim found.",
		Buckets: prometheus.ExponentialBuckets(1, 2, 10)})
	m.claimErrors = counter("claim_errors_total", "Looks at the due jobs that did not succeed.")
	m.blocked = counter("jobs_blocked_total", "Jobs that became blocked, so that a person must act.")
	m.stale = counter("completions_stale_total",
		"Ends of attempts that were ignored, as their runs had been taken over.")
	m.dropped = counter("history_partitions_dropped_total",
		"Partitions of run_history that were dropped, past the retention.")
	m.folded = counter("history_rows_folded_total", "Rows of successes that were folded into one with others.")
	m.keepErrors = counter("housekeeping_errors_total", "Housekeepings that did not succeed.")
	m.ahead = prometheus.NewGauge(prometheus.GaugeOpts{Namespace: namespace, Name: "jobs_ahead",
		Help: "Jobs that stand further ahead than their triggers allow, since the database's clock was set back."})
	m.registry.MustRegister(m.lateness, m.duration, m.fires, m.claimJobs, m.claimErrors, m.blocked, m.stale,
		m.dropped, m.folded, m.keepErrors, m.ahead, newGauges(source), collectors.NewGoCollector(),
		collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return m
}

const namespace = "pgdue"

var (
	latenessBuckets = []float64{.001, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 15, 60, 300, 1800, 7200}
	durationBuckets = []float64{.005, .025, .1, .25, .5, 1, 2.5, 5, 10, 30, 60, 300, 900, 3600, 14400}
)

func histograms(name, help string, buckets []float64, labels ...string) *prometheus.HistogramVec {
	return prometheus.NewHistogramVec(prometheus.HistogramOpts{Namespace: namespace, Name: name, Help: help,
		Buckets: buckets}, labels)
}

func counter(name, help string) prometheus.Counter {
	return prometheus.NewCounter(prometheus.CounterOpts{Namespace: namespace, Name: name, Help: help})
}

// Handler answers a scrape. What the database does not tell is left out; the rest is answered all the same.
func (m *Metrics) Handler() http.Handler {
	return promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{ErrorHandling: promhttp.ContinueOnError})
}

// Claimed counts a claim, what it began and skipped, and the runs that it gave up.
func (m *Metrics) Claimed(c policy.Claim) {
	m.claimJobs.Observe(float64(len(c.Decided)))
	for _, d := range c.Decided {
		if d.Decision.State == job.StateBlocked {
			m.blocked.Inc()
		}
		for _, r := range d.Decision.Begin {
			if !r.Retry {
				m.lateness.WithLabelValues(job.ExecutorOf(d.Queue)).Observe(max(0,
					d.Now.Sub(r.ScheduledRunTime).Seconds()))
			}
		}
		for _, r := range d.Decision.Skip {
			m.fired(r.JobID, r.Outcome, r.Reason, r.FireCount)
		}
		for _, r := range d.Decision.GiveUp {
			m.fired(r.JobID, job.Cancelled, "", 1)
		}
	}
}

// ClaimFailed counts a look at the due jobs that did not succeed.
func (m *Metrics) ClaimFailed() { m.claimErrors.Inc() }

// Blocked counts a job that became blocked beside a claim.
func (m *Metrics) Blocked() { m.blocked.Inc() }

// Ended counts ends of attempts: each by its duration, and those that are final by their outcome.
func (m *Metrics) Ended(ended []job.End, stale int) {
	m.stale.Add(float64(stale))
	for _, e := range ended {
		m.duration.WithLabelValues(e.Executor, string(e.Outcome)).Observe(e.Took.Seconds())
		if e.Final {
			m.fired(e.JobID, e.Outcome, e.Reason, e.FireCount)
		}
	}
}

// TakenOver counts the runs that end with a lost attempt.
func (m *Metrics) TakenOver(lost []job.Record) {
	for _, r := range lost {
		if r.Final {
			m.fired(r.JobID, r.Outcome, r.Reason, 1)
		}
	}
}

// Kept counts what a housekeeping did.
func (m *Metrics) Kept(h job.Housekeeping, err error) {
	m.dropped.Add(float64(h.Dropped))
	m.folded.Add(float64(h.Folded))
	if err != nil {
		m.keepErrors.Inc()
	}
}

// Ahead shows how many jobs stand ahead because the clock was set back.
func (m *Metrics) Ahead(jobs int) { m.ahead.Set(float64(jobs)) }

func (m *Metrics) fired(job string, outcome job.Outcome, reason job.Reason, fires int64) {
	values := []string{string(outcome), string(reason)}
	if m.jobs != nil {
		values = append(values, m.jobs.label(job))
	}
	m.fires.WithLabelValues(values...).Add(float64(fires))
}

const (
	// jobsAtMost is how many jobs get a label of their own.
	jobsAtMost = 1000
	// otherJobs is the label of all others; no job can have this id.
	otherJobs = "(other)"
)

// jobLabels gives the first so many jobs that it sees a label of their own.
type jobLabels struct {
	mu   sync.Mutex
	seen map[string]bool
}

func newJobLabels() *jobLabels { return &jobLabels{seen: map[string]bool{}} }

func (j *jobLabels) label(job string) string {
	j.mu.Lock()
	defer j.mu.Unlock()
	switch {
	case j.seen[job]:
		return job
	case len(j.seen) == jobsAtMost:
		return otherJobs
	}
	j.seen[job] = true
	return job
}
