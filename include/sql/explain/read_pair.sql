-- The pair of a task, by any id that it has or had; title and owner of a pair without a base as last read
SELECT l.link_id, l.origin, l.generation, l.state, l.withheld, l.dirty, l.dirty_since, l.sc_id, l.sf_id,
       coalesce(l.sc_title, l.sf_title, s.title) AS title, u.name AS owner_name, l.changed_at, l.changed_run_id
FROM bridge.link l
CROSS JOIN LATERAL (SELECT CASE WHEN l.sc_id IS NULL THEN 'salesforce' ELSE 'sales_connect' END AS side) seen
LEFT JOIN LATERAL staging.last_sight(seen.side, coalesce(l.sc_id, l.sf_id)) s ON true
LEFT JOIN LATERAL (
    SELECT m.name FROM bridge.user_map m
    WHERE m.sc_user_id = l.sc_owner_now
       OR (l.sc_owner_now IS NULL AND CASE seen.side WHEN 'sales_connect' THEN m.sc_user_id ELSE m.sf_user_id END = s.owner)
    ORDER BY m.state = 'synced' DESC, m.sc_user_id
    LIMIT 1
) u ON true
WHERE l.link_id = bridge.pair_of(:task)
