-- The last run that read the tasks of each user for a first sync; a dry run, which shows what the next one does, takes no turn
SELECT f.sf_user_id, max(f.run_id) AS run_id
FROM staging.first_sync f
JOIN bridge.run r USING (run_id)
WHERE NOT r.dry_run
GROUP BY f.sf_user_id
