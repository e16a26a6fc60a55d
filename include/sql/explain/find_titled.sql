-- The tasks of a title, whatever its case: pairs, and records that are in none
SELECT l.link_id AS task, l.link_id, l.origin AS side, coalesce(l.sc_id, l.sf_id) AS remote_id, l.state
FROM bridge.link l
WHERE lower(:title) IN (lower(l.sc_title), lower(l.sf_title))
UNION
SELECT coalesce(l.link_id, s.remote_id), l.link_id, coalesce(l.origin, s.side),
       CASE WHEN l.link_id IS NULL THEN s.remote_id ELSE coalesce(l.sc_id, l.sf_id) END, l.state
FROM mart.latest_staged s
LEFT JOIN bridge.link l ON CASE s.side WHEN 'sales_connect' THEN l.sc_id ELSE l.sf_id END = s.remote_id
WHERE lower(s.title) = lower(:title)
ORDER BY link_id NULLS LAST, task
