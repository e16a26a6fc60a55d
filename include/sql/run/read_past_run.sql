-- A run that is to be undone, or whose plan was looked at
SELECT r.run_id, r.mode, r.dry_run, r.asked, r.asked_by,
       (SELECT count(*) FROM bridge.action a WHERE a.run_id = r.run_id AND a.state IN ('done', 'sent')) AS written
FROM bridge.run r
WHERE r.run_id = :run_id
