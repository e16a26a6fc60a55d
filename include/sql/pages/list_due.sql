-- A user's open synced tasks that are overdue, due today or tomorrow, in that user's time zone (I6)
-- Parameters: user (Sales Connect id), bucket (null: any), after_date and after (the last row of the page before; null and empty: the first), lines
WITH who AS (
    SELECT sc_user_id, bridge.today_in(time_zone) AS today FROM bridge.user_map
    WHERE sc_user_id = :user AND state = 'synced'
)
SELECT CASE WHEN l.sc_due_date < w.today THEN 'overdue' WHEN l.sc_due_date = w.today THEN 'today' ELSE 'tomorrow' END AS bucket,
       l.sc_due_date AS due_date, l.sc_title AS title, l.sc_priority AS priority, l.sc_type AS type, l.sc_id, l.sf_id,
       l.link_id, NULL AS remote_id, l.state, l.dirty
FROM who w
JOIN bridge.link l ON l.sc_owner = w.sc_user_id
WHERE l.state = 'linked' AND l.sc_status = 'open' AND l.sc_due_date <= w.today + 1
  AND (CAST(:after_date AS date) IS NULL OR (l.sc_due_date, l.link_id) > (CAST(:after_date AS date), :after))
  AND CASE CAST(:bucket AS text)
        WHEN 'overdue' THEN l.sc_due_date < w.today
        WHEN 'today' THEN l.sc_due_date = w.today
        WHEN 'tomorrow' THEN l.sc_due_date = w.today + 1
        ELSE true
      END
ORDER BY l.sc_due_date, l.link_id
LIMIT :lines
