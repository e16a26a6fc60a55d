-- Proves: a record is only deleted if its partner was seen deleted, in this run or before (C5); what a person approved aside.
-- Remedy: nothing was deleted; see both records in mart.task_pairs, and report it with the ids: it is a fault of the program.
SELECT a.side || ' ' || a.remote_id
FROM bridge.action a
JOIN bridge.run r USING (run_id)
JOIN bridge.link l ON l.link_id = a.link_id
WHERE a.run_id = :run_id AND a.op = 'delete' AND a.state = 'planned' AND a.approval_id IS NULL
  AND r.mode IN ('scheduled', 'manual', 'backfill')
  AND NOT EXISTS (
    SELECT FROM staging.seen s
    WHERE s.run_id = a.run_id AND s.side <> a.side AND s.presence = 'deleted'
      AND s.remote_id IN (l.sc_id, l.sf_id, l.sc_deleted_id, l.sf_deleted_id)
  )
  AND CASE a.side WHEN 'salesforce' THEN l.sc_deleted_id ELSE l.sf_deleted_id END IS NULL
