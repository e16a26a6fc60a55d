-- What an earlier run held and this plan holds unchanged stands once, under the newest run
DELETE FROM bridge.action old
USING bridge.action new, bridge.run r
WHERE new.run_id = :run_id
  AND new.state = 'held'
  AND old.link_id = new.link_id
  AND old.state = 'held'
  AND old.run_id < new.run_id
  AND to_jsonb(old) - ARRAY['action_id', 'run_id', 'seq', 'planned_at']
    = to_jsonb(new) - ARRAY['action_id', 'run_id', 'seq', 'planned_at']
  AND r.run_id = old.run_id
  AND NOT r.dry_run
  AND r.mode <> 'audit'
