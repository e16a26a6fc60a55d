-- Some rows that are parked, those that this run rejected first, then the oldest, as a person would name them (G6)
-- Parameters: run_id, examples (how many); side and ops (array): only what the run was refused there by such writes, or null
SELECT d.code, d.message, d.remedy, d.first_seen_at, d.run_id = :run_id AS new,
       CASE
           WHEN d.remote_id IS NOT NULL THEN d.side
           WHEN d.side = 'sales_connect' THEN 'salesforce'
           ELSE 'sales_connect'
       END AS side,
       coalesce(d.remote_id, CASE d.side WHEN 'sales_connect' THEN l.sf_id ELSE l.sc_id END) AS remote_id,
       coalesce(
           l.sc_title, l.sf_title, a.title, d.payload ->> 'name', d.payload ->> 'Subject', d.payload ->> 'title'
       ) AS title,
       coalesce(u.name, u.email, o.owner) AS owner
FROM bridge.dead_letter d
LEFT JOIN bridge.link l USING (link_id)
LEFT JOIN bridge.action a ON a.action_id = d.action_id
LEFT JOIN LATERAL (
    SELECT coalesce(
        l.sc_owner_now, l.sf_owner_now, d.payload ->> 'assignee_id', d.payload ->> 'OwnerId', d.payload ->> 'owner'
    ) AS owner
) o ON true
LEFT JOIN LATERAL (
    SELECT m.name, m.email FROM bridge.user_map m
    WHERE o.owner IN (m.sc_user_id, m.sf_user_id)
    ORDER BY m.state = 'synced' DESC, m.sc_user_id
    LIMIT 1
) u ON true
WHERE d.resolved_at IS NULL AND d.ignored_at IS NULL
  AND (
      CAST(:side AS text) IS NULL
      OR (d.stage = 'load' AND d.side = :side AND a.run_id = :run_id AND a.op = ANY (CAST(:ops AS text[])))
  )
ORDER BY new DESC, d.first_seen_at, d.dead_letter_id
LIMIT :examples
