-- What the requests that this plan opened ask for, exactly as it is held
INSERT INTO bridge.approval_row (
    approval_id, link_id, side, op, remote_id, marker, rule, doubt, sc_user_id, mask,
    title, status, priority, due_date, details, owner,
    seen_title, seen_status, seen_priority, seen_due_date, seen_details, seen_owner
)
SELECT r.approval_id, a.link_id, a.side, a.op, a.remote_id, a.marker, a.rule, a.doubt, a.sc_user_id, a.mask,
       a.title, a.status, a.priority, a.due_date, a.details, a.owner,
       a.seen_title, a.seen_status, a.seen_priority, a.seen_due_date, a.seen_details, a.seen_owner
FROM bridge.approval r
JOIN bridge.action a ON a.run_id = r.run_id AND a.asks = r.kind AND a.state = 'held' AND a.approval_id IS NULL
WHERE r.run_id = :run_id
  AND r.state = 'open'
  AND NOT EXISTS (SELECT FROM bridge.approval_row known WHERE known.approval_id = r.approval_id)
ORDER BY r.approval_id, a.seq
