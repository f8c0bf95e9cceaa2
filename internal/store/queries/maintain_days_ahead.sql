-- maintain_days_ahead: for how many whole days after today run_history has partitions.
SELECT pgdue.history_days_ahead()
