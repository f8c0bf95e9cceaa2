-- resume_label: ends the pause of a label; the row stays for the looks that record what was missed. The caller holds
-- pauses_lock and has found it paused.
UPDATE pgdue.pauses SET resumed_at = greatest(paused_at, pgdue.now()), resumed_by = @by, run_missed = @run_missed
WHERE label_name = @label_name AND label_value = @label_value AND resumed_at IS NULL
RETURNING resumed_at
