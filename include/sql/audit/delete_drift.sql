-- Forget what an audit found that compares again
DELETE FROM bridge.drift WHERE run_id = :run_id
