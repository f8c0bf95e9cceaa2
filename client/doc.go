// Package client speaks to a pgdue scheduler over HTTP: the types that travel, and a method per endpoint.
//
//	c := client.Client{BaseURL: "http://127.0.0.1:8080"}
//	job, err := c.AddJob(ctx, client.JobDefinition{
//		ID:      "ping",
//		Trigger: &client.Trigger{Type: client.TriggerInterval, Every: "30s"},
//		HTTP:    &client.HTTP{URL: "https://example.org/ping"},
//	})
//	if client.IsExists(err) {
//		job, _, err = c.PutJob(ctx, …)
//	}
//
// A job is the same JSON object everywhere: in the API, in job files and in the database. Durations are written like
// 90s, 1h30m or 2d; times as RFC 3339, or local to the trigger's time zone. Times that the scheduler answers are UTC,
// and a zero time.Time means that there is none.
//
// Long lists come in pages: Next of a page is what the call for the following one takes, and is zero on the last.
//
// What the scheduler refuses is a *Problem, which says which fields are wrong and what would be right. IsExists,
// IsNotFound and IsChanged tell the refusals that a program expects. After any other kind of error, or a Problem of
// status 500 or more, a change may have been made or not. PutJob can then be sent again.
//
// The package is made of the standard library, and brings no other module into the go.mod of a program that imports it.
package client
