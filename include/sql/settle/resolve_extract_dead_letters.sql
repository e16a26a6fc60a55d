-- A record that could not be understood is over when it was read without a problem
UPDATE bridge.dead_letter d
SET resolved_at = now()
FROM (
    SELECT side, remote_id FROM staging.seen
    WHERE run_id = :run_id AND problem_code IS NULL AND presence <> 'absent'
) understood
WHERE d.stage = 'extract'
  AND d.resolved_at IS NULL
  AND d.side = understood.side
  AND d.remote_id = understood.remote_id
