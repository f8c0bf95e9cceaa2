// Package form is the one way from a job as its user writes it, in whatever language, to the job.Definition that all
// other rooms know, and back. So all ways have the same defaults, the same rules and the same sentences.
//
//	API, job file, flags ──▶ client.JobDefinition ──Read──▶ job.Definition, or every complaint at once
//	                                   ▲                          │
//	                                   └───────────Write──────────┘
//
// What is absent has the value of job.Defaults. A complaint names the field as users write it. Write fills in every
// default that Read takes, so what it wrote reads as the same definition.
//
// The package is pure, and it knows no kind of work by name: the work stands in the field that its kind is called.
package form
