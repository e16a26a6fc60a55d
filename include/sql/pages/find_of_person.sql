-- Pairs of the users whose name or address is like that
-- Parameters: likes (array of patterns), after (pair), lines
SELECT l.link_id, NULL AS remote_id, coalesce(l.sc_title, l.sf_title) AS title, l.sc_id, l.sf_id, l.state, l.dirty,
       u.name AS owner_name, l.sc_owner_now AS owner, l.sc_due_date AS due_date, l.sc_status AS status
FROM bridge.user_map u
JOIN bridge.link l ON l.sc_owner_now = u.sc_user_id
WHERE (u.name ILIKE ALL (CAST(:likes AS text[])) OR u.email ILIKE ALL (CAST(:likes AS text[])))
  AND l.link_id > :after
ORDER BY l.link_id
LIMIT :lines
