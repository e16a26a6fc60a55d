-- Write down the intent, and the job that carries it out, before the job gets its rows
UPDATE bridge.action SET state = 'sent', sent_at = clock_timestamp(), job_id = :job_id
WHERE action_id = ANY(:action_ids) AND state = 'planned'
