-- Purpose: begin to look what is older than it is kept, unless that was done lately
-- Parameters: every (interval)
-- Caller: store/retention.py
UPDATE bridge.housekeeping SET done_at = now() WHERE done_at <= now() - CAST(:every AS interval)
