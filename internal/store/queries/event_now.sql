-- event_now: the time of an event whose edit needs none itself. Must come after the job's lock, so that events are in
-- order.
SELECT pgdue.now()
