-- Purpose: creates answered as done without the id of the new record
-- Parameters: none; reads incoming_outcome
-- Caller: store/outbox.py
SELECT count(*)
FROM incoming_outcome o
JOIN bridge.action a USING (action_id)
WHERE a.op = 'create' AND o.outcome = 'done' AND o.remote_id IS NULL
