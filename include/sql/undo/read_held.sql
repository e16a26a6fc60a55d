-- What a dry run showed as held, for a person who releases it (G3)
SELECT {writes}
FROM bridge.action a
JOIN bridge.run r USING (run_id)
WHERE a.run_id = CAST(:run_id AS bigint) AND r.dry_run AND a.state = 'held'
ORDER BY a.seq
