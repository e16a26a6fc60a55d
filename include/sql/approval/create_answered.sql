-- Purpose: where a plan's share of an answered request arrives
-- Parameters: none
-- Caller: store/approvals.py
CREATE TEMPORARY TABLE IF NOT EXISTS incoming_answered (
    row_id bigint, seq integer, "end" text, reason text
) ON COMMIT DELETE ROWS
