-- Writes that are over, with what they replaced. Parameters: pairs
DELETE FROM bridge.action a
USING bridge.run r
WHERE a.link_id = ANY(:pairs) AND r.run_id = a.run_id AND r.closed_at IS NOT NULL
  AND (a.state NOT IN ('planned', 'held', 'sent') OR r.dry_run)
  AND NOT EXISTS (SELECT FROM bridge.dead_letter d WHERE d.action_id = a.action_id)
