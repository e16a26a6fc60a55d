-- What a request asks for, row by row
-- Parameters: approval_id, after (row), side, op, state, likes (patterns of title or person), lines; null: any
SELECT w.row_id AS place, NULL AS action_id, w.link_id, w.remote_id, w.side, w.op, w.mask,
       coalesce(w.outcome, CASE a.state WHEN 'obsolete' THEN 'obsolete' ELSE 'held' END) AS state, w.rule, a.kind, l.sc_id, l.sf_id,
       coalesce(w.seen_title, CASE WHEN w.op = 'create' THEN w.title END, l.sc_title, l.sf_title, w.title) AS task_title,
       w.sc_user_id AS owner_id, u.name AS owner_name,
       w.title, w.status, w.priority, w.due_date, w.details, w.owner,
       w.seen_title, w.seen_status, w.seen_priority, w.seen_due_date, w.seen_details, w.seen_owner,
       why.explanation AS why, CASE WHEN w.outcome IS NULL THEN hold.explanation END AS held_why,
       CASE WHEN w.outcome IS NULL THEN hold.remedy END AS held_remedy, NULL AS code, NULL AS message, w.reason
FROM bridge.approval_row w
JOIN bridge.approval a USING (approval_id)
LEFT JOIN bridge.link l USING (link_id)
LEFT JOIN bridge.user_map u ON u.sc_user_id = w.sc_user_id
LEFT JOIN mart.explanations why ON why.rule = split_part(w.rule, ',', 1)
LEFT JOIN mart.explanations hold ON hold.rule = split_part(w.rule, ',', -1)
WHERE w.approval_id = :approval_id AND w.row_id > :after
  AND (CAST(:side AS text) IS NULL OR w.side = :side)
  AND (CAST(:op AS text) IS NULL OR w.op = :op)
  AND (CAST(:state AS text) IS NULL OR coalesce(w.outcome, 'held') = :state)
  AND concat_ws(' ', w.seen_title, w.title, l.sc_title, u.name) ILIKE ALL (CAST(:likes AS text[]))
ORDER BY w.row_id
LIMIT :lines
