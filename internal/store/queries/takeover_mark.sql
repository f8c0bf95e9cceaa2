-- takeover_mark: marks a node dead. From the commit on it can neither claim nor renew.
UPDATE pgdue.nodes SET alive = false WHERE id = @id
