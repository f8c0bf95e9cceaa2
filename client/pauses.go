package client

import "time"

// PauseManyRequest pauses the jobs that have a label, or everything: exactly one of Label and All is set.
type PauseManyRequest struct {
	Label  string `json:"label,omitempty" doc:"Pause the jobs that have this label, also those that are added later; name=value" example:"team=web"`
	All    bool   `json:"all,omitempty" doc:"Pause everything"`
	Reason string `json:"reason,omitempty" maxLength:"1000" doc:"Why"`
}

// ResumeManyRequest ends the pause of a label or of everything: exactly one of Label and All is set.
type ResumeManyRequest struct {
	Label     string `json:"label,omitempty" doc:"End the pause of this label; name=value" example:"team=web"`
	All       bool   `json:"all,omitempty" doc:"End the pause of everything"`
	RunMissed bool   `json:"run_missed,omitempty" doc:"Each job that missed fire times runs once for them"`
}

// Pause is a time in which nothing that it covers begins.
type Pause struct {
	What     string    `json:"what" doc:"What it covers: everything, label team=web, or job ping"`
	Label    string    `json:"label,omitempty" doc:"The label, where it covers one"`
	JobID    string    `json:"job_id,omitempty" doc:"The job, where it covers one"`
	PausedAt time.Time `json:"paused_at,omitzero" doc:"Since when"`
	PausedBy string    `json:"paused_by,omitempty" doc:"Who paused"`
	Reason   string    `json:"reason,omitempty" doc:"Why"`
	Resume   string    `json:"resume" doc:"The command that ends it"`
}

// Paused is what came of a PauseManyRequest.
type Paused struct {
	Pause
	Already bool `json:"already" doc:"It was paused before, as told here, and that stays"`
	Jobs    int  `json:"jobs,omitempty" doc:"How many jobs have the label"`
}

// Resumed is what came of a ResumeManyRequest.
type Resumed struct {
	Pause
	WasPaused bool   `json:"was_paused" doc:"False: it was not paused, and nothing has changed"`
	Jobs      int    `json:"jobs,omitempty" doc:"How many jobs of the label had missed fire times, or work that waited, and are looked at now"`
	Note      string `json:"note,omitempty" doc:"What did not go as it should"`
}

// Pauses is what is paused: everything, labels by name, jobs by id.
type Pauses struct {
	Items []Pause `json:"items" nullable:"false"`
	More  bool    `json:"more,omitempty" doc:"Whether more jobs are paused than the limit lets in"`
}
