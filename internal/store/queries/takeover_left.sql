-- takeover_left: whether instances of a dead node are left.
SELECT EXISTS (SELECT FROM pgdue.running_instances WHERE node_id = @id) AS some_left
