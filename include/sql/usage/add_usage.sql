-- Calls that a run made, added to those known, and what was last told of the allocations
-- Parameters: run_id; sides, kinds, calls: one row each; told_by, calls_left, allocation, told_at: one row each
WITH told AS (
    INSERT INTO bridge.api_allowance (run_id, side, calls_left, allocation, told_at)
    SELECT CAST(:run_id AS bigint), side, calls_left, allocation, coalesce(told_at, now())
    FROM unnest(
        CAST(:told_by AS text[]), CAST(:calls_left AS bigint[]), CAST(:allocation AS bigint[]),
        CAST(:told_at AS timestamptz[])
    ) AS said (side, calls_left, allocation, told_at)
    ON CONFLICT (run_id, side) DO UPDATE
    SET calls_left = excluded.calls_left, allocation = excluded.allocation, told_at = excluded.told_at, kept_at = now()
)
INSERT INTO bridge.api_usage AS known (run_id, side, kind, calls)
SELECT CAST(:run_id AS bigint), side, kind, calls
FROM unnest(CAST(:sides AS text[]), CAST(:kinds AS text[]), CAST(:calls AS bigint[])) AS made (side, kind, calls)
ON CONFLICT (run_id, day, side, kind) DO UPDATE SET calls = known.calls + excluded.calls
