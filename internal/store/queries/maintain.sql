-- maintain: makes the partitions of run_history that are missing. Who meets another node at it waits at most 2 s.
SELECT pgdue.make_history_partitions()
