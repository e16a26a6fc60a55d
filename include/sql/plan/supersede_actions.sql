-- Purpose: what other runs had planned, or hold for these pairs, no longer counts
-- Parameters: run_id, link_ids (of the new plan's actions); reads incoming_disposition
-- Caller: store/plan.py
UPDATE bridge.action a
SET state = 'stale', answered_at = now(), message = 'Decided anew by run ' || CAST(:run_id AS bigint)
WHERE a.run_id <> :run_id
  AND a.state IN ('planned', 'held')
  AND NOT EXISTS (SELECT FROM bridge.run r WHERE r.run_id = a.run_id AND r.dry_run)
  AND (
    a.state = 'planned'
    OR a.link_id = ANY(:link_ids)
    OR a.link_id IN (SELECT d.link_id FROM incoming_disposition d)
  )
