-- What a record holds while a write to it may still land: that is what the write would overwrite (K5); reads incoming_seen
UPDATE bridge.action a
SET seen_title = i.title, seen_status = i.status, seen_priority = i.priority, seen_due_date = i.due_date,
    seen_details = i.details, seen_owner = i.owner
FROM incoming_seen i
WHERE a.action_id = i.action_id AND a.state = 'sent'
