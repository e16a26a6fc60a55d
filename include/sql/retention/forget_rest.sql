-- What else old runs left and nobody waits for: conflicts, decisions, rejected rows, requests, jobs, what was left out or adrift
-- Parameters: run_ids, keep (interval)
WITH old AS (
    SELECT run_id FROM bridge.run WHERE run_id = ANY(:run_ids) AND opened_at < now() - CAST(:keep AS interval)
),
conflicts AS (
    DELETE FROM bridge.conflict c
    USING old o
    WHERE c.run_id = o.run_id
      AND (c.winner IS NOT NULL OR c.decided_at < now() - CAST(:keep AS interval) OR c.dry_run)
      AND NOT EXISTS (SELECT FROM bridge.ledger_change e WHERE e.run_id = c.run_id AND e.link_id = c.link_id)
),
decisions AS (
    DELETE FROM bridge.decision WHERE closed_at < now() - CAST(:keep AS interval)
),
rejected AS (
    DELETE FROM bridge.dead_letter d
    USING old o
    WHERE d.run_id = o.run_id AND d.resolved_at < now() - CAST(:keep AS interval)
),
left_out AS (
    DELETE FROM bridge.left_out l USING old o WHERE l.run_id = o.run_id
),
pairs AS (
    DELETE FROM bridge.run_pair p USING old o WHERE p.run_id = o.run_id
),
drift AS (
    DELETE FROM bridge.drift d
    USING old o
    WHERE d.run_id = o.run_id AND d.run_id < (SELECT max(run_id) FROM bridge.drift)
),
jobs AS (
    DELETE FROM bridge.bulk_job j
    USING old o
    WHERE j.run_id = o.run_id AND j.ended_at IS NOT NULL
      AND NOT EXISTS (SELECT FROM bridge.action a WHERE a.job_id = j.job_id)
),
freshness AS (
    DELETE FROM bridge.freshness WHERE hour < now() - CAST(:keep AS interval)
),
calls AS (
    DELETE FROM bridge.api_usage WHERE run_id IS NULL AND day < CAST(now() - CAST(:keep AS interval) AS date)
),
over AS (
    SELECT approval_id FROM bridge.approval a
    WHERE a.finished_at < now() - CAST(:keep AS interval)
      AND NOT EXISTS (SELECT FROM bridge.action w WHERE w.approval_id = a.approval_id)
      -- What was left out of it may still be held.
      AND NOT EXISTS (
          SELECT FROM bridge.approval_row w WHERE w.approval_id = a.approval_id AND w.outcome = 'left_out' AND w.wanted
      )
),
asked AS (
    DELETE FROM bridge.approval_row w USING over o WHERE w.approval_id = o.approval_id
)
DELETE FROM bridge.approval a USING over o WHERE a.approval_id = o.approval_id
