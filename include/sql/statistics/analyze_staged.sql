-- Purpose: what the database knows of the sizes of staging and pairs, before a large run is joined with them
-- Parameters: none
-- Caller: store/statistics.py
ANALYZE staging.sales_connect_task, staging.salesforce_task, bridge.link
