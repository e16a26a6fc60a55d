-- Purpose: forget the sessions of a run that has ended, and those of runs whose end nobody saw
-- Parameters: run_key
-- Caller: store/leases.py
DELETE FROM bridge.session WHERE run_key = :run_key OR kept_at < now() - interval '1 day'
