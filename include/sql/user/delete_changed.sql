-- Remove what is no longer in the map or differs from it. Parameters: users (the new map as JSON)
DELETE FROM bridge.user_map known
WHERE NOT EXISTS (
    SELECT FROM jsonb_populate_recordset(CAST(NULL AS bridge.user_map), CAST(:users AS jsonb)) new
    WHERE new.sc_user_id = known.sc_user_id AND ROW(new.*) IS NOT DISTINCT FROM ROW(known.*)
)
