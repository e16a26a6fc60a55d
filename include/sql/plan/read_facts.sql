-- Of which systems the ledger is; whether people have decided or answered anything that a plan has to follow; whether the run looked linked salesforce records up since no listing could be trusted to tell their deletes (C6)
SELECT
    (SELECT identity FROM bridge.side_identity WHERE side = 'sales_connect') AS account,
    (SELECT identity FROM bridge.side_identity WHERE side = 'salesforce') AS org,
    EXISTS (SELECT FROM bridge.decision WHERE state = 'open') AS decided,
    EXISTS (
        SELECT FROM bridge.approval_row r JOIN bridge.approval a USING (approval_id)
        WHERE (a.state IN ('open', 'answered') AND r.outcome IS NULL) OR (r.outcome = 'left_out' AND r.wanted)
    ) AS asked,
    EXISTS (SELECT FROM staging.salesforce_task WHERE run_id = :run_id AND source = 'sweep') AS swept
