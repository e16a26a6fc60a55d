-- Purpose: a record that was read by id is not asked for again in this run
-- Parameters: run_id; reads incoming_salesforce
-- Caller: store/staging.py
UPDATE staging.salesforce_task s
SET source = 'by_id'
FROM incoming_salesforce i
WHERE s.run_id = :run_id AND s.remote_id = i.remote_id AND s.source <> 'by_id'
