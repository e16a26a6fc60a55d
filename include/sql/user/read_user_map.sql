-- The map of users
SELECT
    sc_user_id, sf_user_id, email, name, time_zone, state, remedy, sync_on_since, mapped_at_sc,
    mapped_at_sf, switched_on_sc, switched_on_sf, first_sync, seen_off, unread_since_sc,
    unread_since_sf
FROM bridge.user_map
ORDER BY sc_user_id
