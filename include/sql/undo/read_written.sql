-- What a run wrote, with what was there before; records that were gone before its delete aside
SELECT a.link_id, a.side, a.op, a.remote_id, a.mask,
       a.title, a.status, a.priority, a.due_date, a.details, a.owner,
       a.seen_title, a.seen_status, a.seen_priority, a.seen_due_date, a.seen_details, a.seen_owner,
       k.person, a.state = 'done' AS answered
FROM bridge.action a
LEFT JOIN bridge.kept k USING (action_id)
WHERE a.run_id = CAST(:run_id AS bigint)
  AND (a.state = 'sent' OR (a.state = 'done' AND (a.op <> 'delete' OR a.outcome <> 'gone' OR k.action_id IS NOT NULL)))
ORDER BY a.seq
