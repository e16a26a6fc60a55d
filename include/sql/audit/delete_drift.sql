-- Purpose: forget what an audit found that compares again
-- Parameters: run_id
-- Caller: store/audits.py
DELETE FROM bridge.drift WHERE run_id = :run_id
