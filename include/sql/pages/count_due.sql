-- Users with the number of their open synced tasks that are overdue, due today or tomorrow, in the zone of each (I6)
-- Parameters: likes (patterns of name or address), after (place of the last of the page before), lines
WITH people AS (
    SELECT * FROM (
        SELECT sc_user_id, name, email, time_zone AS told, bridge.zone_of(time_zone) AS zone, bridge.today_in(time_zone) AS today,
               lower(coalesce(name, email, sc_user_id)) || ' ' || sc_user_id AS place
        FROM bridge.user_map
        WHERE state = 'synced' AND concat_ws(' ', name, email, sc_user_id) ILIKE ALL (CAST(:likes AS text[]))
    ) synced
    WHERE place > :after
    ORDER BY place
    LIMIT :lines
)
SELECT p.sc_user_id, p.name, p.email, p.zone, p.told, p.today, p.place, n.overdue, n.today AS due_today, n.tomorrow
FROM people p
CROSS JOIN LATERAL (
    SELECT count(*) FILTER (WHERE l.sc_due_date < p.today) AS overdue,
           count(*) FILTER (WHERE l.sc_due_date = p.today) AS today,
           count(*) FILTER (WHERE l.sc_due_date = p.today + 1) AS tomorrow
    FROM bridge.link l
    WHERE l.sc_owner = p.sc_user_id AND l.state = 'linked' AND l.sc_status = 'open' AND l.sc_due_date <= p.today + 1
) n
ORDER BY p.place
