-- Parked rows as a person would name them, the newest first
-- Parameters: side, code (null: any), ignored (whether those that a person ignores), before (row), lines
SELECT d.dead_letter_id, d.side, d.stage, d.code, d.message, d.remedy, d.attempts, d.first_seen_at, d.last_seen_at,
       d.next_try_at, d.ignored_at, d.link_id, coalesce(d.remote_id, l.sc_id, l.sf_id) AS remote_id, l.sc_id, l.sf_id,
       coalesce(l.sc_title, l.sf_title, a.title, d.payload ->> 'name', d.payload ->> 'Subject', d.payload ->> 'title') AS title,
       o.owner, n.name AS owner_name, said.answer, said.reason, said.answered_by, said.answered_at
FROM bridge.dead_letter d
LEFT JOIN bridge.link l USING (link_id)
LEFT JOIN bridge.action a ON a.action_id = d.action_id
CROSS JOIN LATERAL (
    SELECT coalesce(
        l.sc_owner_now, l.sf_owner_now, d.payload ->> 'assignee_id', d.payload ->> 'OwnerId', d.payload ->> 'owner'
    ) AS owner
) o
LEFT JOIN LATERAL (
    SELECT name FROM bridge.user_map u
    WHERE o.owner IN (u.sc_user_id, u.sf_user_id) ORDER BY u.state = 'synced' DESC, u.sc_user_id LIMIT 1
) n ON true
LEFT JOIN LATERAL (
    SELECT answer, reason, answered_by, answered_at FROM bridge.parked_answer
    WHERE dead_letter_id = d.dead_letter_id ORDER BY answer_id DESC LIMIT 1
) said ON true
WHERE d.resolved_at IS NULL
  AND (d.ignored_at IS NOT NULL) = CAST(:ignored AS boolean)
  AND (CAST(:side AS text) IS NULL OR d.side = :side)
  AND (CAST(:code AS text) IS NULL OR d.code = :code)
  AND (CAST(:before AS bigint) IS NULL OR d.dead_letter_id < :before)
ORDER BY d.dead_letter_id DESC
LIMIT :lines
