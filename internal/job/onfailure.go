package job

// OnFailure is done once when the last After final outcomes were failures, and HTTP once more when a run succeeds
// again.
type OnFailure struct {
	After int   `json:"after"`           // so many failed, timed out or lost runs in a row, at least 1
	Pause bool  `json:"pause,omitempty"` // pause the job
	HTTP  *HTTP `json:"http,omitempty"`  // call this URL; without a body it is told what happened as JSON
}

func (f *OnFailure) check(v *violations) {
	if f == nil {
		return
	}
	if f.After < 1 || f.After > maxMaxAttempts {
		v.add("on_failure.after", "%d is outside 1 to %d; 3 acts when the last three runs failed", f.After,
			maxMaxAttempts)
	}
	if !f.Pause && f.HTTP == nil {
		v.add("on_failure", `does not say what to do; set "pause": true, or "http" with a URL to call`)
	}
	if f.HTTP != nil {
		f.HTTP.check(v, "on_failure.http")
	}
}
