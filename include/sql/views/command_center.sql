CREATE OR REPLACE VIEW mart.command_center ( -- One row is an open synced task that a user has overdue, for today or for tomorrow, in that user's time zone (I6).
    sc_user_id, -- Sales Connect user
    user_name, -- Name of the user (personal)
    email, -- E-mail address of the user (personal)
    time_zone, -- Time zone in which today is meant
    bucket, -- overdue, today or tomorrow
    due_date, -- Due date
    title, -- Name of the task (personal)
    priority, -- Priority
    type, -- Kind of task
    details, -- Details (personal)
    sc_id, -- Sales Connect task
    sf_id, -- Salesforce task
    link_id, -- Pair
    time_zone_remark -- Why today is meant in UTC, where the user's own setting cannot be understood; else null
) AS
WITH people AS (
    SELECT sc_user_id, name, email, time_zone AS told, bridge.zone_of(time_zone) AS time_zone,
           bridge.today_in(time_zone) AS today
    FROM bridge.user_map
    WHERE state = 'synced'
)
SELECT
    p.sc_user_id, p.name AS user_name, p.email, p.time_zone,
    CASE
        WHEN l.sc_due_date < p.today THEN 'overdue'
        WHEN l.sc_due_date = p.today THEN 'today'
        ELSE 'tomorrow'
    END AS bucket,
    l.sc_due_date AS due_date, l.sc_title AS title, l.sc_priority AS priority, l.sc_type AS type,
    l.sc_details AS details, l.sc_id, l.sf_id, l.link_id,
    CASE WHEN p.time_zone = 'UTC' AND lower(p.told) IS DISTINCT FROM 'utc'
         THEN coalesce(p.told || ' is no IANA time zone', 'no time zone is told')
             || ', so today is meant in UTC: set one such as Europe/Berlin in Sales Connect'
    END AS time_zone_remark
FROM people p
JOIN bridge.link l ON l.sc_owner = p.sc_user_id
WHERE l.state = 'linked'
  AND l.sc_status = 'open'
  AND l.sc_due_date <= p.today + 1;
