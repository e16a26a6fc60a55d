-- Purpose: how a run carries out the rows of an answered request
-- Parameters: run_id; reads incoming_answered
-- Caller: store/approvals.py
UPDATE bridge.approval_row w
SET run_id = :run_id, seq = i.seq, planned_end = i."end", reason = i.reason
FROM incoming_answered i
WHERE w.row_id = i.row_id AND w.outcome IS NULL
