-- Purpose: the latest known state of every record of both systems
-- Parameters: none
-- Caller: people; made by store/migrate.py
CREATE OR REPLACE VIEW mart.tasks_current AS
WITH paired AS (
    SELECT 'sales_connect' AS side, sc_id AS remote_id, link_id, state AS link_state, dirty, state = 'tombstone' AS deleted,
           sc_version AS version, sc_title AS title, sc_status AS status, sc_priority AS priority,
           sc_due_date AS due_date, sc_details AS details, sc_owner_now AS owner
    FROM bridge.link
    WHERE sc_id IS NOT NULL
    UNION ALL
    SELECT 'salesforce' AS side, sf_id AS remote_id, link_id, state AS link_state, dirty, state = 'tombstone' AS deleted,
           sf_version AS version, sf_title AS title, sf_status AS status, sf_priority AS priority,
           sf_due_date AS due_date, sf_details AS details, sf_owner_now AS owner
    FROM bridge.link
    WHERE sf_id IS NOT NULL
),
-- Of a settled pair the base is the newest: it has our own writes, which staging may not have seen yet.
chosen AS (
    SELECT coalesce(p.side, s.side) AS side, coalesce(p.remote_id, s.remote_id) AS remote_id,
           p.link_id, p.link_state, p.dirty,
           s.remote_id IS NOT NULL
           AND s.presence <> 'absent'
           AND (p.remote_id IS NULL OR p.dirty OR p.link_state <> 'linked') AS from_staging,
           p AS paired, s AS staged
    FROM paired p
    FULL JOIN mart.latest_staged s ON s.side = p.side AND s.remote_id = p.remote_id
)
SELECT
    side,
    remote_id,
    CASE WHEN from_staging THEN (staged).title ELSE (paired).title END AS title,
    CASE WHEN from_staging THEN (staged).status ELSE (paired).status END AS status,
    CASE WHEN from_staging THEN (staged).priority ELSE (paired).priority END AS priority,
    CASE WHEN from_staging THEN (staged).due_date ELSE (paired).due_date END AS due_date,
    CASE WHEN from_staging THEN (staged).details ELSE (paired).details END AS details,
    CASE WHEN from_staging THEN (staged).owner ELSE (paired).owner END AS owner,
    u.name AS owner_name,
    CASE WHEN from_staging THEN (staged).presence = 'deleted' ELSE coalesce((paired).deleted, false) END AS deleted,
    greatest((staged).version, (paired).version) AS version,
    link_id,
    link_state,
    coalesce(dirty, false) AS dirty,
    (staged).disposition AS disposition,
    (staged).rule AS rule,
    (staged).run_id AS last_run_id
FROM chosen
LEFT JOIN LATERAL (
    SELECT m.name FROM bridge.user_map m
    WHERE (CASE side WHEN 'sales_connect' THEN m.sc_user_id ELSE m.sf_user_id END)
        = (CASE WHEN from_staging THEN (staged).owner ELSE (paired).owner END)
    ORDER BY m.state = 'synced' DESC, m.sc_user_id
    LIMIT 1
) u ON true;

COMMENT ON VIEW mart.tasks_current IS 'One row is a record of either system in its latest known state: of a pair at rest the base, else the last sight in staging.';
COMMENT ON COLUMN mart.tasks_current.side IS 'System of the record';
COMMENT ON COLUMN mart.tasks_current.remote_id IS 'Id of the record';
COMMENT ON COLUMN mart.tasks_current.title IS 'Name in Sales Connect, Subject in Salesforce';
COMMENT ON COLUMN mart.tasks_current.status IS 'Status in the words of the system';
COMMENT ON COLUMN mart.tasks_current.priority IS 'Priority in the words of the system';
COMMENT ON COLUMN mart.tasks_current.due_date IS 'Due date';
COMMENT ON COLUMN mart.tasks_current.details IS 'Details or comments';
COMMENT ON COLUMN mart.tasks_current.owner IS 'User id of assignee or owner';
COMMENT ON COLUMN mart.tasks_current.owner_name IS 'Name of that user, if mapped';
COMMENT ON COLUMN mart.tasks_current.deleted IS 'Whether the record is known to be deleted';
COMMENT ON COLUMN mart.tasks_current.version IS 'Stamp of the last known change';
COMMENT ON COLUMN mart.tasks_current.link_id IS 'Pair, if any';
COMMENT ON COLUMN mart.tasks_current.link_state IS 'State of the pair';
COMMENT ON COLUMN mart.tasks_current.dirty IS 'Whether something about the pair is unfinished (G9)';
COMMENT ON COLUMN mart.tasks_current.disposition IS 'Where the record ended in the last run that read it';
COMMENT ON COLUMN mart.tasks_current.rule IS 'Rules that led there';
COMMENT ON COLUMN mart.tasks_current.last_run_id IS 'Last run that read the record, as far as staging is kept';
