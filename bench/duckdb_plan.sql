-- The actions of a plan, as one query over the tables `links`, `sales_connect`, `salesforce` and `users`.
-- The macros are those of duckdb_plan.py. Values outside a mask say nothing.
WITH pair AS (
    SELECT
        l.link_id, l.generation, l.sc_id, l.sf_id,
        sc.presence = 'deleted' AS sc_deleted,
        sf.presence = 'deleted' AS sf_deleted,
        coalesce(l.sc_changed_at, sc.modified_at, l.sc_modified_at)
            > coalesce(l.sf_changed_at, sf.modified_at, l.sf_modified_at) + $margin AS sc_wins,
        present(sc.presence, sc.title, l.sc_title) AS sc_title,
        present(sc.presence, sc.status, l.sc_status) AS sc_status,
        present(sc.presence, sc.priority, l.sc_priority) AS sc_priority,
        present(sc.presence, sc.due_date, l.sc_due_date) AS sc_due_date,
        present(sc.presence, sc.details, l.sc_details) AS sc_details,
        present(sc.presence, sc.owner, l.sc_owner) AS sc_owner,
        present(sf.presence, sf.title, l.sf_title) AS sf_title,
        present(sf.presence, sf.status, l.sf_status) AS sf_status,
        present(sf.presence, sf.priority, l.sf_priority) AS sf_priority,
        present(sf.presence, sf.due_date, l.sf_due_date) AS sf_due_date,
        present(sf.presence, sf.details, l.sf_details) AS sf_details,
        present(sf.presence, sf.owner, l.sf_owner) AS sf_owner,
        changed(sc.presence, sc.title, l.sc_title) AS sc_title_changed,
        changed(sc.presence, sc.status, l.sc_status) AS sc_status_changed,
        changed(sc.presence, sc.priority, l.sc_priority) AS sc_priority_changed,
        changed(sc.presence, sc.due_date, l.sc_due_date) AS sc_due_date_changed,
        changed(sc.presence, sc.details, l.sc_details) AS sc_details_changed,
        changed(sc.presence, sc.owner, l.sc_owner) AS sc_owner_changed,
        changed(sf.presence, sf.title, l.sf_title) AS sf_title_changed,
        changed(sf.presence, sf.status, l.sf_status) AS sf_status_changed,
        changed(sf.presence, sf.priority, l.sf_priority) AS sf_priority_changed,
        changed(sf.presence, sf.due_date, l.sf_due_date) AS sf_due_date_changed,
        changed(sf.presence, sf.details, l.sf_details) AS sf_details_changed,
        changed(sf.presence, sf.owner, l.sf_owner) AS sf_owner_changed
    FROM links l
    LEFT JOIN sales_connect sc ON sc.remote_id = l.sc_id
    LEFT JOIN salesforce sf ON sf.remote_id = l.sf_id
    WHERE l.state = 'linked'
      AND (sf.presence IS DISTINCT FROM 'live'
           OR is_reminder(sf.subtype, sf.is_recurrence, sf.is_closed, sf.marker, sf.completed_at, sf.created_at))
      AND (sc_deleted OR sf_deleted
           OR sc_title_changed OR sc_status_changed OR sc_priority_changed
           OR sc_due_date_changed OR sc_details_changed OR sc_owner_changed
           OR sf_title_changed OR sf_status_changed OR sf_priority_changed
           OR sf_due_date_changed OR sf_details_changed OR sf_owner_changed)
),
synced AS (
    SELECT * FROM users WHERE synced AND selected
),
judged AS MATERIALIZED (
    SELECT
        pair.*,
        coalesce(sc_deleted, false) OR coalesce(sf_deleted, false) AS ended,
        su.sf_user_id AS owner_for_sf,
        fu.sc_user_id AS owner_for_sc,
        CASE WHEN sc_title_changed AND sc_title IS DISTINCT FROM sf_title THEN 'salesforce' ELSE 'none' END
            AS title_to,
        target(sc_status_changed, sf_status_changed, status_for_sf(sc_status), sf_status, sc_wins) AS status_to,
        target(sc_priority_changed, sf_priority_changed, priority_for_sf(sc_priority), sf_priority, sc_wins)
            AS priority_to,
        target(sc_due_date_changed, sf_due_date_changed, sc_due_date, sf_due_date, sc_wins) AS due_date_to,
        target(sc_details_changed, sf_details_changed, sc_details, sf_details, sc_wins) AS details_to,
        target(sc_owner_changed, sf_owner_changed, su.sf_user_id, sf_owner, sc_wins) AS owner_to
    FROM pair
    JOIN synced su ON su.sc_user_id = sc_owner
    JOIN synced fu ON fu.sf_user_id = sf_owner
),
updates AS (
    SELECT
        *,
        (title_to = side)::INT + 2 * (status_to = side)::INT + 4 * (priority_to = side)::INT
            + 8 * (due_date_to = side)::INT + 16 * (details_to = side)::INT + 32 * (owner_to = side)::INT AS mask,
        (sc_title_changed AND sf_title_changed AND title_to = side)
            OR (sc_status_changed AND sf_status_changed AND status_to = side)
            OR (sc_priority_changed AND sf_priority_changed AND priority_to = side)
            OR (sc_due_date_changed AND sf_due_date_changed AND due_date_to = side)
            OR (sc_details_changed AND sf_details_changed AND details_to = side)
            OR (sc_owner_changed AND sf_owner_changed AND owner_to = side) AS contested
    FROM judged, (VALUES ('sales_connect'), ('salesforce')) sides (side)
    WHERE NOT ended AND mask > 0
),
actions AS (
    SELECT
        link_id, side, 'update' AS op, sf_id AS remote_id, NULL AS marker,
        CASE WHEN contested THEN 'C1,K3' ELSE 'C1' END AS rule, contested,
        kinds(side, status_to, status_for_sf(sc_status), owner_to, due_date_to) AS kind,
        sc_owner AS sc_user_id, mask,
        sc_title AS title, status_for_sf(sc_status) AS status, priority_for_sf(sc_priority) AS priority,
        sc_due_date AS due_date, sc_details AS details, owner_for_sf AS owner, NULL AS person,
        sf_title AS seen_title, sf_status AS seen_status, sf_priority AS seen_priority,
        sf_due_date AS seen_due_date, sf_details AS seen_details, sf_owner AS seen_owner
    FROM updates WHERE side = 'salesforce'
    UNION ALL
    SELECT
        link_id, side, 'update', sc_id, NULL,
        CASE WHEN contested THEN 'C1,K3' ELSE 'C1' END, contested,
        kinds(side, status_to, status_for_sc(sf_status), owner_to, due_date_to),
        sc_owner, mask,
        NULL, status_for_sc(sf_status), priority_for_sc(sf_priority), sf_due_date, sf_details, owner_for_sc, NULL,
        sc_title, sc_status, sc_priority, sc_due_date, sc_details, sc_owner
    FROM updates WHERE side = 'sales_connect'
    UNION ALL
    SELECT
        link_id, 'salesforce', 'delete', sf_id, NULL, 'C1', NULL, 'delete', sc_owner, 0,
        NULL, NULL, NULL, NULL, NULL, NULL, NULL,
        sf_title, sf_status, sf_priority, sf_due_date, sf_details, sf_owner
    FROM judged WHERE sc_deleted AND sf_deleted IS NOT TRUE
    UNION ALL
    SELECT
        link_id, 'sales_connect', 'delete', sc_id, NULL, 'C1', NULL, 'delete', sc_owner, 0,
        NULL, NULL, NULL, NULL, NULL, NULL, NULL,
        sc_title, sc_status, sc_priority, sc_due_date, sc_details, sc_owner
    FROM judged WHERE sf_deleted AND sc_deleted IS NOT TRUE
    UNION ALL
    SELECT
        'sc:' || $account || ':' || sc.remote_id AS link_id, 'salesforce', 'create', NULL, 'tb:' || link_id || ':1',
        'C1', NULL, 'create', u.sc_user_id, 63,
        sc.title, coalesce(status_for_sf(sc.status), 'Not Started'), coalesce(priority_for_sf(sc.priority), 'Normal'),
        sc.due_date, sc.details, u.sf_user_id, sc.person,
        NULL, NULL, NULL, NULL, NULL, NULL
    FROM sales_connect sc
    ANTI JOIN links l ON l.sc_id = sc.remote_id
    JOIN synced u ON u.sc_user_id = sc.owner
    WHERE sc.presence = 'live' AND NOT is_ours(sc.marker) AND sc.created_at > u.switched_on_sc
    UNION ALL
    SELECT
        'sf:' || $org || ':' || sf.remote_id AS link_id, 'sales_connect', 'create', NULL, 'tb:' || link_id || ':1',
        'C1', NULL, 'create', u.sc_user_id, 63,
        coalesce(sf.title, '(no subject)'), coalesce(status_for_sc(sf.status), 'open'),
        coalesce(priority_for_sc(sf.priority), 'normal'), sf.due_date, sf.details, u.sc_user_id, sf.person,
        NULL, NULL, NULL, NULL, NULL, NULL
    FROM salesforce sf
    ANTI JOIN links l ON l.sf_id = sf.remote_id
    JOIN synced u ON u.sf_user_id = sf.owner
    WHERE sf.presence = 'live' AND NOT is_ours(sf.marker) AND sf.modified_at >= u.switched_on_sf - $lookback
      AND is_reminder(sf.subtype, sf.is_recurrence, sf.is_closed, sf.marker, sf.completed_at, sf.created_at)
)
SELECT *, 'planned' AS state, NULL AS doubt, NULL AS asks, NULL AS approval_id, false AS first_import FROM actions
