-- why_retention: how long history is kept.
SELECT history_retention FROM pgdue.settings
