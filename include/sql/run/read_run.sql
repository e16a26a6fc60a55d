-- Purpose: one run
-- Parameters: run_key
-- Caller: store/runs.py
SELECT * FROM bridge.run WHERE run_key = :run_key
