-- claim_pauses: the pauses that may matter to locked jobs: those that last, and those that ended at @since or later,
-- the earliest of the jobs' next run times. Everything is without a label.
-- Concurrency: the last statement that a claim reads with. What it begins has the time of an earlier one: so no run has
-- begun after the commit of a pause that covers it.
SELECT NULL AS label_name, NULL AS label_value, paused_at, paused_by, paused_reason AS reason,
       NULL::timestamptz AS resumed_at,
       NULL AS resumed_by, false AS run_missed
FROM pgdue.settings WHERE paused_at IS NOT NULL
UNION ALL
SELECT label_name, label_value, paused_at, paused_by, reason, resumed_at, resumed_by, run_missed
FROM pgdue.pauses WHERE resumed_at IS NULL
UNION ALL
SELECT label_name, label_value, paused_at, paused_by, reason, resumed_at, resumed_by, run_missed
FROM pgdue.pauses WHERE resumed_at >= @since::timestamptz
ORDER BY label_name NULLS FIRST, paused_at
