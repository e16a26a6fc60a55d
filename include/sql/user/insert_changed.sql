-- Store what is not in the map. Parameters: users (the new map as JSON)
INSERT INTO bridge.user_map (
    sc_user_id, sf_user_id, email, name, time_zone, state, remedy, sync_on_since, mapped_at_sc,
    mapped_at_sf, switched_on_sc, switched_on_sf, first_sync, seen_off, unread_since_sc,
    unread_since_sf
)
SELECT
    sc_user_id, sf_user_id, email, name, time_zone, state, remedy, sync_on_since, mapped_at_sc,
    mapped_at_sf, switched_on_sc, switched_on_sf, first_sync, seen_off, unread_since_sc,
    unread_since_sf
FROM jsonb_populate_recordset(CAST(NULL AS bridge.user_map), CAST(:users AS jsonb)) new
WHERE NOT EXISTS (SELECT FROM bridge.user_map known WHERE known.sc_user_id = new.sc_user_id)
