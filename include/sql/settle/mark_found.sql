-- Pairs that a rebase found and did not live to settle are read before anything is decided (G8, G9)
UPDATE bridge.link l
SET dirty = true, dirty_since = coalesce(l.dirty_since, now()), look_again_at = NULL
FROM bridge.ledger_change c
JOIN bridge.run r USING (run_id)
WHERE c.link_id = l.link_id
  AND c.applied_at IS NULL
  AND c.seq IS NULL
  AND c.run_id < :run_id
  AND r.mode = 'rebase'
