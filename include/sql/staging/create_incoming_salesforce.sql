-- Purpose: where a page arrives
-- Parameters: none
-- Caller: store/staging.py
CREATE TEMPORARY TABLE IF NOT EXISTS incoming_salesforce ON COMMIT DELETE ROWS
AS SELECT * FROM staging.salesforce_task WITH NO DATA
