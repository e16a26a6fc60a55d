-- Purpose: keep what a system last told a run of its allocation (G7)
-- Parameters: run_id (null: no run), side, calls_left, allocation, told_at
-- Caller: store/usage.py
INSERT INTO bridge.api_allowance (run_id, side, calls_left, allocation, told_at)
VALUES (
    CAST(:run_id AS bigint), :side, :calls_left, CAST(:allocation AS bigint),
    coalesce(CAST(:told_at AS timestamptz), now())
)
ON CONFLICT (run_id, side) DO UPDATE
SET calls_left = excluded.calls_left, allocation = excluded.allocation, told_at = excluded.told_at, kept_at = now()
