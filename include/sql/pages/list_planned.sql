-- What a run planned, row by row
-- Parameters: run_id, after (place in the plan), side, op, state, likes (patterns of title or person), lines; null: any
SELECT a.seq AS place, a.action_id, a.link_id, a.remote_id, a.side, a.op, a.mask, a.state, a.rule, a.kind, l.sc_id, l.sf_id,
       coalesce(a.seen_title, CASE WHEN a.op = 'create' THEN a.title END, l.sc_title, l.sf_title, a.title) AS task_title,
       a.sc_user_id AS owner_id, u.name AS owner_name,
       a.title, a.status, a.priority, a.due_date, a.details, a.owner,
       a.seen_title, a.seen_status, a.seen_priority, a.seen_due_date, a.seen_details, a.seen_owner,
       why.explanation AS why, CASE WHEN a.state = 'held' THEN hold.explanation END AS held_why,
       CASE WHEN a.state = 'held' THEN hold.remedy END AS held_remedy, a.code, a.message, NULL AS reason
FROM bridge.action a
LEFT JOIN bridge.link l USING (link_id)
LEFT JOIN bridge.user_map u ON u.sc_user_id = a.sc_user_id
LEFT JOIN mart.explanations why ON why.rule = split_part(a.rule, ',', 1)
LEFT JOIN mart.explanations hold ON hold.rule = split_part(a.rule, ',', -1)
WHERE a.run_id = :run_id AND a.seq > :after
  AND (CAST(:side AS text) IS NULL OR a.side = :side)
  AND (CAST(:op AS text) IS NULL OR a.op = :op)
  AND (CAST(:state AS text) IS NULL OR a.state = :state)
  AND concat_ws(' ', a.seen_title, a.title, l.sc_title, u.name) ILIKE ALL (CAST(:likes AS text[]))
ORDER BY a.seq
LIMIT :lines
