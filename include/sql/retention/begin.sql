-- Purpose: whether it is time to look what is older than it is kept, and the run up to which that was done last; no row: not yet
-- Parameters: every (interval)
-- Caller: store/retention.py
UPDATE bridge.housekeeping SET done_at = now() WHERE done_at <= now() - CAST(:every AS interval) RETURNING up_to
