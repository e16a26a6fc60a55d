-- Move watermarks to the end of what was read; the position before the run is kept
-- Parameters: run_id; sides, positions: one row each
INSERT INTO bridge.watermark AS held (side, position, run_id)
SELECT side, position, CAST(:run_id AS bigint)
FROM unnest(CAST(:sides AS text[]), CAST(:positions AS timestamptz[])) AS read (side, position)
ON CONFLICT (side) DO UPDATE
SET previous = CASE WHEN held.run_id = excluded.run_id THEN held.previous ELSE held.position END,
    position = excluded.position,
    run_id = excluded.run_id,
    moved_at = now()
