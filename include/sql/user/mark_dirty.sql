-- Pairs of users who come back, or whose effective switch-on changed, are read anew (S2, G9)
-- Parameters: users (the new map as JSON)
WITH changed AS (
    SELECT coalesce(new.sc_user_id, old.sc_user_id) AS sc_user_id,
           unnest(ARRAY[new.sf_user_id, old.sf_user_id]) AS sf_user_id
    FROM jsonb_populate_recordset(CAST(NULL AS bridge.user_map), CAST(:users AS jsonb)) new
    FULL JOIN bridge.user_map old USING (sc_user_id)
    WHERE (new.switched_on_sc, new.switched_on_sf) IS DISTINCT FROM (old.switched_on_sc, old.switched_on_sf)
       OR (new.state = 'synced' AND old.state IS DISTINCT FROM 'synced')
)
UPDATE bridge.link l
SET dirty = true, dirty_since = coalesce(l.dirty_since, now()), look_again_at = NULL
WHERE (NOT l.dirty OR l.look_again_at IS NOT NULL)
  AND l.state <> 'tombstone'
  AND (
    l.sc_owner_now IN (SELECT sc_user_id FROM changed)
    OR l.sf_owner_now IN (SELECT sf_user_id FROM changed WHERE sf_user_id IS NOT NULL)
  )
