-- Conflicts whose loser was brought back, once all of it is written (K5)
UPDATE bridge.conflict c
SET restored_at = now()
FROM bridge.run r
WHERE r.mode = 'restore'
  AND NOT r.dry_run
  AND r.run_id <= :run_id
  AND c.conflict_id = CAST(r.asked ->> 'conflict_id' AS bigint)
  AND c.restored_at IS NULL
  AND EXISTS (SELECT FROM bridge.action a WHERE a.run_id = r.run_id)
  AND NOT EXISTS (SELECT FROM bridge.action a WHERE a.run_id = r.run_id AND a.state <> 'done')
