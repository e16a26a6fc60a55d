-- Pairs in one of the states in which nothing is synced
-- Parameters: state (missing, held or released), after (pair), lines
SELECT l.link_id, NULL AS remote_id, l.sc_id, l.sf_id, coalesce(l.sc_title, l.sf_title) AS title, l.sc_owner_now AS owner,
       u.name AS owner_name, coalesce(l.dirty_since, l.changed_at) AS since, l.withheld
FROM bridge.link l
LEFT JOIN bridge.user_map u ON u.sc_user_id = l.sc_owner_now
WHERE l.state = :state AND l.link_id > :after
ORDER BY l.link_id
LIMIT :lines
