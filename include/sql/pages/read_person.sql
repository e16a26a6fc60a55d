-- A user, with today's date there
-- Parameters: user (Sales Connect id)
SELECT sc_user_id, sf_user_id, name, email, state, remedy, time_zone AS told, bridge.zone_of(time_zone) AS zone,
       bridge.today_in(time_zone) AS today
FROM bridge.user_map
WHERE sc_user_id = :user
