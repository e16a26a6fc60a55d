-- Rows that a run was the first to see rejected, as far as they are kept
-- Parameters: run_id, lines
SELECT d.dead_letter_id, d.side, d.code, d.message, d.remedy, d.link_id, d.resolved_at,
       coalesce(d.remote_id, l.sc_id, l.sf_id) AS remote_id, l.sc_id, l.sf_id,
       coalesce(l.sc_title, l.sf_title, a.title, d.payload ->> 'name', d.payload ->> 'Subject', d.payload ->> 'title') AS title
FROM bridge.dead_letter d
LEFT JOIN bridge.link l USING (link_id)
LEFT JOIN bridge.action a ON a.action_id = d.action_id
WHERE d.run_id = :run_id
ORDER BY d.dead_letter_id
LIMIT :lines
