-- Purpose: what a user has to do today and tomorrow (I6)
-- Parameters: none
-- Caller: people; made by store/migrate.py
CREATE OR REPLACE VIEW mart.command_center AS
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

COMMENT ON VIEW mart.command_center IS 'One row is an open synced task that a user has overdue, for today or for tomorrow, in that user''s time zone (I6).';
COMMENT ON COLUMN mart.command_center.sc_user_id IS 'Sales Connect user';
COMMENT ON COLUMN mart.command_center.user_name IS 'Name of the user';
COMMENT ON COLUMN mart.command_center.email IS 'E-mail address of the user';
COMMENT ON COLUMN mart.command_center.time_zone IS 'Time zone in which today is meant';
COMMENT ON COLUMN mart.command_center.time_zone_remark IS 'Why today is meant in UTC, where the user''s own setting cannot be understood; else null';
COMMENT ON COLUMN mart.command_center.bucket IS 'overdue, today or tomorrow';
COMMENT ON COLUMN mart.command_center.due_date IS 'Due date';
COMMENT ON COLUMN mart.command_center.title IS 'Name of the task';
COMMENT ON COLUMN mart.command_center.priority IS 'Priority';
COMMENT ON COLUMN mart.command_center.type IS 'Kind of task';
COMMENT ON COLUMN mart.command_center.details IS 'Details';
COMMENT ON COLUMN mart.command_center.sc_id IS 'Sales Connect task';
COMMENT ON COLUMN mart.command_center.sf_id IS 'Salesforce task';
COMMENT ON COLUMN mart.command_center.link_id IS 'Pair';
