-- What a person said; no row when the request waits for no answer
UPDATE bridge.approval
SET state = 'answered', answer = :answer, answered_by = :answered_by, answered_at = :answered_at,
    answered_in = :answered_in
WHERE approval_id = :approval_id AND state = 'open'
