-- pause_label: no claim that reads after its commit begins anything of a job with the label. The caller holds
-- pauses_lock and has found it not paused.
INSERT INTO pgdue.pauses (label_name, label_value, paused_at, paused_by, reason)
VALUES (@label_name, @label_value, pgdue.now(), @by, @reason)
RETURNING paused_at
