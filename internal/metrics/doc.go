// Package metrics shows what a node does, and what the database holds, to Prometheus.
//
// There are two kinds. Counters and histograms are of this node since it began: its scheduler tells them what has
// become durable, so that the sum over all nodes is what the rows say, but for what a node did in the moment in which
// it died, and for what a person's edit ended. Gauges are of the whole system, the same on every node: they are read
// when they are asked for, by one query of the database that is given two seconds and answers for one.
//
// Nothing has a job's id as a label, unless it is asked for, and then of so many jobs at most.
package metrics
