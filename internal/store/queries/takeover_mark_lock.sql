-- takeover_mark_lock: locks the row of a node whose beat still stands where it stood.
-- Concurrency: FOR UPDATE excludes the KEY SHARE of its claims in progress; if one is, this is tried again later.
SELECT true AS still FROM pgdue.nodes WHERE id = @id AND alive AND beat = @beat FOR UPDATE SKIP LOCKED
