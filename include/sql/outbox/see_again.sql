-- What a record holds while a write to it may still land: that is what the write would overwrite (K5); reads incoming_seen
UPDATE bridge.action a
SET seen_title = i.title, seen_status = i.status, seen_priority = i.priority, seen_due_date = i.due_date,
    seen_details = i.details, seen_owner = i.owner
FROM incoming_seen i
WHERE a.action_id = i.action_id AND a.state = 'sent'
  -- A field that holds what was written tells that the write has landed, whatever became of the others on the way.
  AND NOT EXISTS (
    SELECT FROM (VALUES
        (1, a.title, a.seen_title, i.title),
        (2, a.status, a.seen_status, i.status),
        (4, a.priority, a.seen_priority, i.priority),
        (8, a.due_date::text, a.seen_due_date::text, i.due_date::text),
        (16, a.details, a.seen_details, i.details),
        (32, a.owner, a.seen_owner, i.owner)
    ) AS f (bit, written, seen, now)
    WHERE a.mask & f.bit <> 0 AND f.written IS NOT DISTINCT FROM f.now AND f.written IS DISTINCT FROM f.seen
  )
