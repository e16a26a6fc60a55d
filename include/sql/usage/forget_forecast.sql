-- Purpose: a run that plans anew forecasts anew (G7)
-- Parameters: run_id
-- Caller: store/usage.py
UPDATE bridge.api_usage SET forecast = NULL WHERE run_id = :run_id AND forecast IS NOT NULL
