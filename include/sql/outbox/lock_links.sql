-- Purpose: lock the pairs in one order, as both sides may be answered at the same time
-- Parameters: none; reads incoming_outcome
-- Caller: store/outbox.py
SELECT l.link_id
FROM bridge.link l
WHERE l.link_id IN (SELECT a.link_id FROM incoming_outcome o JOIN bridge.action a USING (action_id))
ORDER BY l.link_id
FOR UPDATE
