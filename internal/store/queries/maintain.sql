-- maintain: makes the partitions of run_history that are missing. Who meets another node at it, or a long reader, fails after 100 ms and tries again later.
SELECT pgdue.make_history_partitions()
