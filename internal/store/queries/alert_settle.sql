-- alert_settle: records how an attempt of a call ended: delivered, given up, or pending again after @again.
-- Concurrency: what was delivered stays so. An attempt that failed changes nothing once another node has begun the
-- next.
UPDATE pgdue.alerts
SET state = @state, last_error = coalesce(@last_error, last_error),
    next_attempt_at = CASE @state WHEN 'pending' THEN pgdue.now() + @again::interval END,
    ended_at = CASE @state WHEN 'pending' THEN NULL ELSE pgdue.now() END
WHERE id = @id AND state = 'pending' AND (@state = 'delivered' OR attempts = @attempts)
