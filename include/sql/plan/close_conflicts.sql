-- Purpose: an open conflict of a pair that was decided anew without it is over
-- Parameters: none; reads incoming_conflict, incoming_disposition
-- Caller: store/plan.py
UPDATE bridge.conflict c
SET decided_at = now()
WHERE c.winner IS NULL AND c.decided_at IS NULL AND NOT c.dry_run
  AND c.link_id IN (SELECT d.link_id FROM incoming_disposition d)
  AND NOT EXISTS (
    SELECT FROM incoming_conflict i WHERE i.link_id = c.link_id AND i.field = c.field AND i.winner IS NULL
  )
