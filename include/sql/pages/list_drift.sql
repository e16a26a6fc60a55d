-- What the newest audit found, row by row
-- Parameters: class (null: any), after (key), lines
SELECT d.drift_id, d.class, d.title, d.field, d.value_sc, d.value_sf, d.unexplained, d.sc_id, d.sf_id, d.link_id,
       coalesce(d.sc_id, d.sf_id) AS remote_id, d.sc_user_id AS owner, u.name AS owner_name
FROM bridge.drift d
LEFT JOIN bridge.user_map u USING (sc_user_id)
WHERE d.run_id = (SELECT max(run_id) FROM bridge.drift) AND d.class <> 'in_step' AND d.drift_id > :after
  AND (CAST(:class AS text) IS NULL OR d.class = :class)
ORDER BY d.drift_id
LIMIT :lines
