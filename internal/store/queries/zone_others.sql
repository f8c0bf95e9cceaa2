-- zone_others: the live nodes that compute by other time zone rules than @zone_rules.
SELECT name, tzdata FROM pgdue.nodes WHERE alive AND zone_rules NOT IN (0, @zone_rules) ORDER BY name LIMIT 100
