-- Proves: a run plans at most one write to a record.
-- Remedy: nothing was written; see the plan in mart.plan after a dry run, and report it with the ids: it is a fault of the program.
SELECT side || ' ' || coalesce(remote_id, marker)
FROM bridge.action
WHERE run_id = :run_id AND state = 'planned'
GROUP BY side, coalesce(remote_id, marker)
HAVING count(*) > 1
