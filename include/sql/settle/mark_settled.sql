-- Purpose: the run has been settled
-- Parameters: run_id
-- Caller: store/settling.py, store/audits.py
UPDATE bridge.run SET settled_at = clock_timestamp() WHERE run_id = :run_id
