-- What a person asked a run for and that it did not do
-- Parameters: run_id, lines
SELECT o.link_id, o.side, o.field, o.code, o.reason, coalesce(l.sc_title, l.sf_title) AS title, NULL AS remote_id
FROM bridge.left_out o
LEFT JOIN bridge.link l USING (link_id)
WHERE o.run_id = :run_id
ORDER BY o.left_out_id
LIMIT :lines
