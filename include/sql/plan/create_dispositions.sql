-- Purpose: where the dispositions of a plan arrive
-- Parameters: none
-- Caller: store/plan.py
CREATE TEMPORARY TABLE IF NOT EXISTS incoming_disposition (
    side text, remote_id text, link_id text, disposition text, rule text
) ON COMMIT DELETE ROWS
