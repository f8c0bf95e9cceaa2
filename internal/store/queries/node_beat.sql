-- node_beat: renews a node's row; changes none when another node judged it dead.
UPDATE pgdue.nodes SET beat = beat + 1, beat_at = pgdue.now() WHERE id = @id AND alive
