package store

import "embed"

//go:embed queries/*.sql
var queries embed.FS

// The statements, by the names of their files.
var (
	claimLock         = query("claim_lock")
	claimLockOnly     = query("claim_lock_only")
	claimJobs         = query("claim_jobs")
	claimLive         = query("claim_live")
	claimWaiting      = query("claim_waiting")
	claimRecent       = query("claim_recent")
	claimNode         = query("claim_node")
	claimBegin        = query("claim_begin")
	claimAdvance      = query("claim_advance")
	claimGiveUp       = query("claim_give_up")
	claimRetry        = query("claim_retry")
	claimResolveLock  = query("claim_resolve_lock")
	claimResolveRead  = query("claim_resolve_read")
	completeEnded     = query("complete")
	completeRecorded  = query("complete_recorded")
	completeRemoved   = query("complete_removed")
	completeWaiting   = query("complete_waiting")
	completeWake      = query("complete_wake")
	historyInsert     = query("history_insert")
	jobBlock          = query("job_block")
	jobDelete         = query("job_delete")
	jobDue            = query("job_due")
	jobInsert         = query("job_insert")
	jobLock           = query("job_lock")
	jobNotify         = query("job_notify")
	jobNow            = query("job_now")
	jobScheduleDelete = query("job_schedule_delete")
	jobScheduleInsert = query("job_schedule_insert")
	jobScheduleUpdate = query("job_schedule_update")
	jobUpdate         = query("job_update")
	maintain          = query("maintain")
	nextDue           = query("next_due")
	nodeBeat          = query("node_beat")
	nodeLeave         = query("node_leave")
	nodePeers         = query("node_peers")
	nodeRegister      = query("node_register")
	overview          = query("overview")
	retryAttempts     = query("retry")
	retryDue          = query("retry_due")
	retryJobs         = query("retry_jobs")
	retryLock         = query("retry_lock")
	retryRemove       = query("retry_remove")
	runRows           = query("run")
	runsRows          = query("runs")
	schemaState       = query("schema_state")
	takeoverEnd       = query("takeover_end")
	takeoverFinish    = query("takeover_finish")
	takeoverLeft      = query("takeover_left")
	takeoverLock      = query("takeover_lock")
	takeoverMark      = query("takeover_mark")
	takeoverMarkLock  = query("takeover_mark_lock")
	waitingDelete     = query("waiting_delete")
	waitingInsert     = query("waiting_insert")
	waitingRemove     = query("waiting_remove")
)

func query(name string) string {
	text, err := queries.ReadFile("queries/" + name + ".sql")
	if err != nil {
		panic(err) // the file is embedded; only a wrong name above can do this
	}
	return string(text)
}
