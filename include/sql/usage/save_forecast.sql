-- Purpose: keep how many calls a run will have made by its end, by kind (G7)
-- Parameters: run_id, side, kinds, forecast (one for each kind)
-- Caller: store/usage.py
INSERT INTO bridge.api_usage (run_id, side, kind, forecast)
SELECT CAST(:run_id AS bigint), CAST(:side AS text), kind, forecast
FROM unnest(CAST(:kinds AS text[]), CAST(:forecast AS bigint[])) AS expected (kind, forecast)
ON CONFLICT (run_id, day, side, kind) DO UPDATE SET forecast = excluded.forecast
