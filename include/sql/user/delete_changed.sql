-- Purpose: remove what is no longer in the map or differs from it
-- Parameters: none; reads incoming_user
-- Caller: store/users.py
DELETE FROM bridge.user_map known
WHERE NOT EXISTS (
    SELECT FROM incoming_user new
    WHERE new.sc_user_id = known.sc_user_id AND ROW(new.*) IS NOT DISTINCT FROM ROW(known.*)
)
