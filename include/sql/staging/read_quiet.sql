-- Records of pairs in which nothing is unfinished, as they were last seen (G9)
WITH listed AS (
    -- OFFSET 0 and the SELECT of an array, here and below: looked up by key, whatever the database reckons with.
    SELECT true AS here, l.*
    FROM unnest(CAST(:remote_ids AS text[])) AS asked (remote_id)
    CROSS JOIN LATERAL (SELECT * FROM bridge.link WHERE sc_id = asked.remote_id OFFSET 0) l
    WHERE CAST(:side AS text) = 'sales_connect'
    UNION ALL
    SELECT false, l.*
    FROM unnest(CAST(:remote_ids AS text[])) AS asked (remote_id)
    CROSS JOIN LATERAL (SELECT * FROM bridge.link WHERE sf_id = asked.remote_id OFFSET 0) l
    WHERE CAST(:side AS text) = 'salesforce'
)
SELECT
    CASE WHEN here THEN sc_id ELSE sf_id END AS remote_id,
    CASE WHEN here THEN sc_version ELSE sf_version END AS version,
    CASE WHEN here THEN sc_title ELSE sf_title END AS title,
    CASE WHEN here THEN sc_status ELSE sf_status END AS status,
    CASE WHEN here THEN sc_priority ELSE sf_priority END AS priority,
    CASE WHEN here THEN sc_due_date ELSE sf_due_date END AS due_date,
    CASE WHEN here THEN sc_details ELSE sf_details END AS details,
    CASE WHEN here THEN sc_owner ELSE sf_owner END AS owner,
    sc_type AS type, sc_campaign_name AS campaign_name, sc_campaign_day AS campaign_day,
    sc_campaign_step AS campaign_step, sc_call_outcome AS call_outcome, sc_call_reason AS call_reason
FROM listed l
WHERE state = 'linked' AND NOT dirty
  AND sc_id IS NOT NULL AND sf_id IS NOT NULL
  AND coalesce(look_again_at, sc_written_at, sf_written_at) IS NULL
  AND coalesce(sc_outside, sf_outside, sc_deleted_id, sf_deleted_id) IS NULL
  -- What was open lately lies in the way of a search.
  AND NOT EXISTS (
    SELECT
    FROM (
        SELECT a.run_id FROM bridge.action a
        WHERE a.link_id = l.link_id AND a.state = ANY (CAST((SELECT ARRAY['planned', 'sent', 'held']) AS text[]))
        OFFSET 0
    ) open
    JOIN bridge.run r USING (run_id)
    WHERE NOT r.dry_run AND r.mode <> 'audit'
  )
  AND NOT EXISTS (
    SELECT FROM bridge.dead_letter d WHERE d.link_id = l.link_id AND d.resolved_at IS NULL OFFSET 0
  )
