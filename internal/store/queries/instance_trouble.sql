-- instance_trouble: says in the row of an attempt what a person must see to. One that has ended meanwhile has none.
UPDATE pgdue.running_instances SET trouble = @trouble
WHERE job_id = @job_id AND run_id = @run_id AND attempt = @attempt AND state = 'executing'
