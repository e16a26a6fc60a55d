-- Purpose: what a person said; no row when the request waits for no answer
-- Parameters: approval_id, answer, answered_by, answered_at, answered_in
-- Caller: store/approvals.py
UPDATE bridge.approval
SET state = 'answered', answer = :answer, answered_by = :answered_by, answered_at = :answered_at,
    answered_in = :answered_in
WHERE approval_id = :approval_id AND state = 'open'
