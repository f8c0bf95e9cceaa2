-- maintain_make: makes the partitions of run_history that are missing, and says how many; to be called until there are
-- none.
-- Concurrency: who meets another node at it makes none; who meets a long reader fails after 100 ms and tries again
-- later.
SELECT pgdue.make_history_partitions()
