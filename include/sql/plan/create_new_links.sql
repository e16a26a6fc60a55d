-- Purpose: where the new links of a plan arrive
-- Parameters: none
-- Caller: store/plan.py
CREATE TEMPORARY TABLE IF NOT EXISTS incoming_link (
    link_id text, origin text, generation integer, sc_id text, sf_id text, owner text
) ON COMMIT DELETE ROWS
