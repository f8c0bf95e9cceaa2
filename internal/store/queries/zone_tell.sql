-- zone_tell: writes by which time zone rules a node computes from now on.
UPDATE pgdue.nodes SET zone_rules = @zone_rules, tzdata = @tzdata WHERE id = @id
