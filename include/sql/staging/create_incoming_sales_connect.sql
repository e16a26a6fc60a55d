-- Purpose: where a page arrives
-- Parameters: none
-- Caller: store/staging.py
CREATE TEMPORARY TABLE IF NOT EXISTS incoming_sales_connect ON COMMIT DELETE ROWS
AS SELECT * FROM staging.sales_connect_task WITH NO DATA
