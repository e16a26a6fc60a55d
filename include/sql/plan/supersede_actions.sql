-- What other runs had planned, or hold for these pairs, no longer counts; since when it waits is kept (G7)
-- Parameters: run_id; after the new plan's actions are there
UPDATE bridge.action a
SET state = 'stale',
    answered_at = now(),
    message = 'Decided anew by run ' || CAST(:run_id AS bigint),
    waiting_since = CASE a.state WHEN 'planned' THEN coalesce(a.waiting_since, r.opened_at) END,
    carried_to = CASE a.state WHEN 'planned' THEN CAST(:run_id AS bigint) END
FROM bridge.run r
WHERE r.run_id = a.run_id
  AND a.run_id <> :run_id
  AND a.state IN ('planned', 'held')
  AND NOT r.dry_run
  AND (
    -- Whatever is unfinished is decided anew by every sync; a run for a person is about its own pairs.
    (a.state = 'planned' AND NOT bridge.is_deliberate(CAST(:run_id AS bigint)))
    OR EXISTS (SELECT FROM bridge.action new WHERE new.run_id = :run_id AND new.link_id = a.link_id)
    OR a.link_id IN (SELECT d.link_id FROM bridge.decided(CAST(:run_id AS bigint)) d)
  )
