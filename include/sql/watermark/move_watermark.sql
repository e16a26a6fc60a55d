-- Purpose: move a side's position; settling a run again keeps the previous one
-- Parameters: run_id, side, position
-- Caller: store/settling.py
INSERT INTO bridge.watermark AS held (side, position, run_id) VALUES (:side, :position, :run_id)
ON CONFLICT (side) DO UPDATE
SET previous = CASE WHEN held.run_id = excluded.run_id THEN held.previous ELSE held.position END,
    position = excluded.position,
    run_id = excluded.run_id,
    moved_at = now()
