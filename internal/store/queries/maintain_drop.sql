-- maintain_drop: drops the oldest partition of run_history that is past its retention, if there is one, and says how
-- many.
-- Concurrency: as maintain_make.
SELECT pgdue.drop_history_partitions()
