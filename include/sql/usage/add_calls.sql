-- Purpose: add calls that were made to those of the run and day (G7)
-- Parameters: run_id (null: of no run), side, kinds, calls (one for each kind)
-- Caller: store/usage.py
INSERT INTO bridge.api_usage AS known (run_id, side, kind, calls)
SELECT CAST(:run_id AS bigint), CAST(:side AS text), kind, calls
FROM unnest(CAST(:kinds AS text[]), CAST(:calls AS bigint[])) AS made (kind, calls)
ON CONFLICT (run_id, day, side, kind) DO UPDATE SET calls = known.calls + excluded.calls
