-- Purpose: where the conflicts of a plan arrive
-- Parameters: none
-- Caller: store/plan.py
CREATE TEMPORARY TABLE IF NOT EXISTS incoming_conflict (
    link_id text, field text, rule text, winner text, base_sc text, base_sf text, value_sc text, value_sf text
) ON COMMIT DELETE ROWS
