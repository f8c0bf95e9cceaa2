-- pauses_forget: deletes pauses that ended longer ago than history is kept.
DELETE FROM pgdue.pauses WHERE resumed_at < pgdue.now() - (SELECT history_retention FROM pgdue.settings)
