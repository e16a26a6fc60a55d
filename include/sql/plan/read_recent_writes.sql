-- What was written within the hour to pairs of a part of a run that were written often enough to go to and fro (K6)
-- Parameters: run_id, low, high (buckets), writes (how many are enough)
WITH touched AS (
    -- both: UNION
    -- OFFSET 0, here and below: looked up by key, however many parts there are and whatever the database reckons with.
    SELECT l.link_id
    FROM staging.{side}_task s
    CROSS JOIN LATERAL (SELECT link_id FROM bridge.link WHERE {half}_id = s.remote_id OFFSET 0) l
    WHERE s.run_id = CAST(:run_id AS bigint) AND s.bucket BETWEEN CAST(:low AS int) AND CAST(:high AS int)
    -- end
),
recent AS (
    SELECT a.*,
           row_number() OVER (PARTITION BY a.link_id ORDER BY a.answered_at, a.run_id, a.seq) AS nth,
           count(*) OVER (PARTITION BY a.link_id) AS writes
    FROM touched
    CROSS JOIN LATERAL (SELECT * FROM bridge.action WHERE link_id = touched.link_id AND state = 'done' OFFSET 0) a
    WHERE a.op <> 'delete' AND a.answered_at > now() - interval '1 hour'
)
SELECT
    link_id, nth, side, op, mask, title, status, priority, due_date, details, owner,
    seen_title, seen_status, seen_priority, seen_due_date, seen_details, seen_owner
FROM recent
WHERE writes >= CAST(:writes AS bigint)
ORDER BY link_id, nth
