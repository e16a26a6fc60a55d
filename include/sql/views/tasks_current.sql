CREATE OR REPLACE VIEW mart.tasks_current ( -- One row is a record of either system in its latest known state: of a pair at rest the base, else the last sight in staging.
    side, -- System of the record
    remote_id, -- Id of the record
    title, -- Name in Sales Connect, Subject in Salesforce (personal)
    status, -- Status in the words of the system
    priority, -- Priority in the words of the system
    due_date, -- Due date
    details, -- Details or comments (personal)
    owner, -- User id of assignee or owner
    owner_name, -- Name of that user, if mapped (personal)
    deleted, -- Whether the record is known to be deleted
    version, -- Stamp of the last known change
    link_id, -- Pair, if any
    link_state, -- State of the pair
    dirty, -- Whether something about the pair is unfinished (G9)
    disposition, -- Where the record ended in the last run that read it
    rule, -- Rules that led there
    last_run_id -- Last run that read the record, as far as staging is kept
) AS
WITH known AS (
    SELECT 'sales_connect' AS side, sc_id AS remote_id, link_id, state AS link_state, dirty, state = 'tombstone' AS deleted,
           sc_version AS version, sc_title AS title, sc_status AS status, sc_priority AS priority,
           sc_due_date AS due_date, sc_details AS details, sc_owner_now AS owner
    FROM bridge.link
    WHERE sc_id IS NOT NULL
    UNION ALL
    SELECT 'salesforce', sf_id, link_id, state, dirty, state = 'tombstone',
           sf_version, sf_title, sf_status, sf_priority,
           sf_due_date, sf_details, sf_owner_now
    FROM bridge.link
    WHERE sf_id IS NOT NULL
    UNION ALL
    SELECT s.side, s.remote_id, NULL, NULL, false, false, NULL, NULL, NULL, NULL, NULL, NULL, NULL
    FROM mart.latest_staged s
    WHERE NOT EXISTS (SELECT FROM bridge.link l WHERE s.side = 'sales_connect' AND l.sc_id = s.remote_id)
      AND NOT EXISTS (SELECT FROM bridge.link l WHERE s.side = 'salesforce' AND l.sf_id = s.remote_id)
)
SELECT
    k.side,
    k.remote_id,
    CASE WHEN s.newest THEN s.title ELSE k.title END AS title,
    CASE WHEN s.newest THEN s.status ELSE k.status END AS status,
    CASE WHEN s.newest THEN s.priority ELSE k.priority END AS priority,
    CASE WHEN s.newest THEN s.due_date ELSE k.due_date END AS due_date,
    CASE WHEN s.newest THEN s.details ELSE k.details END AS details,
    CASE WHEN s.newest THEN s.owner ELSE k.owner END AS owner,
    u.name AS owner_name,
    CASE WHEN s.newest THEN s.presence = 'deleted' ELSE k.deleted END AS deleted,
    greatest(s.version, k.version) AS version,
    k.link_id,
    k.link_state,
    k.dirty,
    s.disposition,
    s.rule,
    s.run_id AS last_run_id
FROM known k
LEFT JOIN LATERAL (
    -- Of a settled pair the base is the newest: it has our own writes, which staging may not have seen yet.
    SELECT sight.*, sight.presence <> 'absent' AND (k.link_id IS NULL OR k.dirty OR k.link_state <> 'linked') AS newest
    FROM staging.last_sight(k.side, k.remote_id) sight
) s ON true
LEFT JOIN mart.names u ON u.side = k.side AND u.user_id = CASE WHEN s.newest THEN s.owner ELSE k.owner END;
