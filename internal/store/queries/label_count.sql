-- label_count: how many jobs have a label.
SELECT count(*) FROM pgdue.jobs WHERE labels ->> @label_name = @label_value
