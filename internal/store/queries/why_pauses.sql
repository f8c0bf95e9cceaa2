-- why_pauses: the pauses that hold a job beside its own: that of everything, and those of its labels.
SELECT NULL AS label_name, NULL AS label_value, paused_at, paused_by, paused_reason AS reason,
       NULL::timestamptz AS resumed_at, NULL AS resumed_by, false AS run_missed
FROM pgdue.settings WHERE paused_at IS NOT NULL
UNION ALL
(SELECT p.label_name, p.label_value, p.paused_at, p.paused_by, p.reason, NULL, NULL, false
 FROM pgdue.pauses p JOIN pgdue.jobs j ON j.labels ->> p.label_name = p.label_value
 WHERE j.id = @job_id AND p.resumed_at IS NULL
 ORDER BY p.paused_at
 LIMIT 20)
