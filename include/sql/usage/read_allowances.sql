-- Purpose: what each system last told a run of its allocation (G7)
-- Parameters: run_id
-- Caller: store/usage.py
SELECT side, calls_left, allocation, told_at FROM bridge.api_allowance WHERE run_id = :run_id
