-- Purpose: whether a run looked linked salesforce records up since no listing could be trusted to tell their deletes (C6)
-- Parameters: run_id
-- Caller: store/staging.py
SELECT EXISTS (
    SELECT FROM staging.salesforce_task WHERE run_id = CAST(:run_id AS bigint) AND source = 'sweep'
)
