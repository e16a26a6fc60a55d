-- Every pair that has a staged row in this part of a run, also of an earlier copy that is back after the pair has ended (C7)
-- Parameters: run_id, low, high (buckets)
WITH part AS (
    -- both: UNION ALL
    SELECT '{side}' AS side, remote_id, source, presence, marker
    FROM staging.{side}_task
    WHERE run_id = CAST(:run_id AS bigint) AND bucket BETWEEN CAST(:low AS int) AND CAST(:high AS int)
    -- end
),
staged AS (
    -- OFFSET 0, here and below: looked up by key, however many parts there are and whatever the database reckons with.
    SELECT l.link_id, s.source IN ('by_id', 'sweep') AS sc_asked, false AS sf_asked
    FROM part s
    CROSS JOIN LATERAL (SELECT link_id FROM bridge.link WHERE sc_id = s.remote_id OFFSET 0) l
    WHERE s.side = 'sales_connect'
    UNION ALL
    SELECT l.link_id, false, s.source IN ('by_id', 'sweep')
    FROM part s
    CROSS JOIN LATERAL (SELECT link_id FROM bridge.link WHERE sf_id = s.remote_id OFFSET 0) l
    WHERE s.side = 'salesforce'
    UNION ALL
    SELECT l.link_id, false, false
    FROM part s
    CROSS JOIN LATERAL (
        SELECT link_id, state, sf_id FROM bridge.link WHERE link_id = substring(s.marker FROM '^tb:(.*):[0-9]+$') OFFSET 0
    ) l
    WHERE s.side = 'salesforce' AND s.presence = 'live' AND l.state = 'tombstone' AND l.sf_id <> s.remote_id
),
touched AS (
    SELECT link_id, bool_or(sc_asked) AS sc_asked, bool_or(sf_asked) AS sf_asked FROM staged GROUP BY link_id
),
held AS (
    -- A delete that is held was proven, and keeps the doubt that held it until its pair is decided otherwise.
    SELECT DISTINCT ON (a.link_id, a.side) a.link_id, a.side,
           CASE a.doubt WHEN 'too_old' THEN 'held_too_old' ELSE 'held' END AS proof
    FROM touched
    CROSS JOIN LATERAL (SELECT * FROM bridge.action WHERE link_id = touched.link_id AND state = 'held' OFFSET 0) a
    JOIN bridge.run r USING (run_id)
    WHERE a.op = 'delete' AND NOT r.dry_run AND a.doubt IS DISTINCT FROM 'missing'
    ORDER BY a.link_id, a.side, a.run_id DESC
)
SELECT
    l.link_id, origin, generation, state, dirty,
    EXISTS (
        SELECT FROM bridge.dead_letter d
        WHERE d.link_id = l.link_id AND d.stage = 'load' AND d.resolved_at IS NULL AND d.next_try_at > now()
    ) AS parked,
    EXISTS (SELECT FROM bridge.action a WHERE a.link_id = l.link_id AND a.state = 'sent') AS unconfirmed,
    sc_id, sf_id, sc_version, sf_version, sc_asked, sf_asked, sc_modified_at, sf_modified_at, sc_written_at, sf_written_at,
    withheld,
    coalesce(in_sf.proof, CASE WHEN sc_deleted_id = sc_id THEN 'read' END) AS sc_proof,
    coalesce(in_sc.proof, CASE WHEN sf_deleted_id = sf_id THEN 'read' END) AS sf_proof,
    sc_changed_at, sf_changed_at, sc_outside, sf_outside, sc_title, sc_status, sc_priority, sc_due_date, sc_details, sc_owner,
    sc_type, sc_campaign_name, sc_campaign_day, sc_campaign_step, sc_call_outcome, sc_call_reason,
    sf_title, sf_status, sf_priority, sf_due_date, sf_details, sf_owner
FROM touched
CROSS JOIN LATERAL (SELECT * FROM bridge.link WHERE link_id = touched.link_id OFFSET 0) l
LEFT JOIN held in_sc ON in_sc.link_id = l.link_id AND in_sc.side = 'sales_connect'
LEFT JOIN held in_sf ON in_sf.link_id = l.link_id AND in_sf.side = 'salesforce'
ORDER BY l.link_id
