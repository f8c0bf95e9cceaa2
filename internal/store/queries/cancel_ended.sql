-- cancel_ended: how a run ended; none when it has not, or is not known.
SELECT outcome, ended_at FROM pgdue.run_history WHERE job_id = @job_id AND run_id = @run_id AND final
    ORDER BY ended_at DESC LIMIT 1
