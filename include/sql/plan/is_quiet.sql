-- Whether a run that syncs has nothing to decide: nothing staged, no write of an earlier run to supersede, no request to close
SELECT NOT EXISTS (SELECT FROM staging.seen WHERE run_id = :run_id)
   AND NOT EXISTS (
       SELECT FROM bridge.action a JOIN bridge.run r USING (run_id) WHERE a.state = 'planned' AND NOT r.dry_run
   )
   AND NOT EXISTS (SELECT FROM bridge.approval WHERE state = 'open')
