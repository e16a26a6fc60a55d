-- What is held, and is in no request while its kind has none, is looked at now so that it is asked for (G3, G9)
UPDATE bridge.link l
SET look_again_at = NULL
FROM bridge.action a
JOIN bridge.run r USING (run_id)
WHERE a.link_id = l.link_id
  AND a.state = 'held'
  AND a.asks IS NOT NULL
  AND NOT r.dry_run
  AND r.mode <> 'audit'
  AND l.look_again_at IS NOT NULL
  AND NOT EXISTS (SELECT FROM bridge.approval q WHERE q.kind = a.asks AND q.state IN ('open', 'answered'))
