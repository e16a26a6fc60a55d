-- Proves: a task is only given to a user who is mapped and has the sync on (S2, C3).
-- Remedy: nothing was written; compare the user with mart.users, and report it with the ids: it is a fault of the program.
SELECT a.side || ' ' || coalesce(a.remote_id, a.marker)
FROM bridge.action a
JOIN bridge.run r USING (run_id)
WHERE a.run_id = :run_id AND a.op IN ('create', 'update') AND a.state = 'planned' AND a.mask & 32 > 0
  AND r.mode IN ('scheduled', 'manual', 'backfill')
  AND NOT EXISTS (
    SELECT FROM bridge.user_map u
    WHERE u.state = 'synced' AND a.owner = CASE a.side WHEN 'salesforce' THEN u.sf_user_id ELSE u.sc_user_id END
  )
