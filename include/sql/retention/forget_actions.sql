-- Old writes with what they replaced (K5), but those that explain a present value, are under way or were rejected
-- Parameters: run_ids, keep (interval)
DELETE FROM bridge.action a
USING bridge.run r
WHERE a.run_id = ANY(:run_ids)
  AND r.run_id = a.run_id
  AND r.opened_at < now() - CAST(:keep AS interval)
  AND (a.state NOT IN ('planned', 'held', 'sent') OR r.dry_run OR r.mode = 'audit')
  AND NOT EXISTS (SELECT FROM bridge.ledger_change c WHERE c.run_id = a.run_id AND c.link_id = a.link_id)
  AND NOT EXISTS (SELECT FROM bridge.dead_letter d WHERE d.action_id = a.action_id)
