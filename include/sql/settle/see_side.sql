-- What the run saw of {side}: version, stamp of the last edit by a person, owner; confirms our writes
WITH written AS (
    -- What this run wrote came after what it saw; what earlier runs wrote came before.
    SELECT a.link_id,
           max(a.written_at) FILTER (WHERE a.run_id = :run_id) AS by_us_now,
           max(a.written_at) FILTER (WHERE a.run_id <> :run_id) AS by_us_before,
           coalesce(bool_or(a.mask & 32 <> 0) FILTER (WHERE a.run_id = :run_id), false) AS owner_by_us,
           coalesce(bool_or(a.op = 'delete') FILTER (WHERE a.run_id = :run_id), false) AS deleted_by_us
    FROM bridge.action a
    WHERE a.side = '{side}'
      AND a.state = 'done'
      AND a.link_id IN (
        SELECT link_id FROM bridge.action WHERE run_id = :run_id AND side = '{side}' AND state = 'done'
      )
    GROUP BY a.link_id
),
seen AS (
    SELECT l.link_id, s.presence, s.version, s.modified_at, s.owner,
           w.by_us_now, coalesce(w.owner_by_us, false) AS owner_by_us, coalesce(w.deleted_by_us, false) AS deleted_by_us,
           CASE WHEN w.by_us_now IS NULL THEN l.{half}_written_at ELSE w.by_us_before END AS by_us_before
    FROM staging.{side}_task s
    JOIN bridge.link l ON l.{half}_id = s.remote_id
    LEFT JOIN written w ON w.link_id = l.link_id
    WHERE s.run_id = :run_id
      -- What a listing shows in an older version than before says nothing; what was read by id is the present (G9).
      AND (s.source IN ('by_id', 'sweep') OR coalesce(s.version >= l.{half}_version, true))
      -- A row that waits for a run of everybody must still look new to that run (C7).
      AND s.rule IS DISTINCT FROM 'selection'
      -- So must what somebody brought back, until a run takes it in.
      AND NOT (s.presence = 'live' AND (l.state = 'tombstone' OR (l.withheld IS NOT NULL AND l.{half}_deleted_id = l.{half}_id)))
)
UPDATE bridge.link l
SET {half}_version = coalesce(s.version, l.{half}_version),
    {half}_modified_at = CASE
        WHEN s.modified_at <= s.by_us_before THEN l.{half}_modified_at
        ELSE coalesce(s.modified_at, l.{half}_modified_at)
    END,
    {half}_deleted_id = CASE
        WHEN s.presence = 'absent' OR s.deleted_by_us THEN l.{half}_deleted_id
        WHEN s.presence = 'deleted' THEN l.{half}_id
    END,
    {half}_owner_now = CASE
        WHEN s.presence = 'live' AND NOT s.owner_by_us THEN coalesce(s.owner, l.{half}_owner_now)
        ELSE l.{half}_owner_now
    END,
    -- For the sweep, which Salesforce does not need.
    sc_checked_at = CASE '{side}'
        WHEN 'sales_connect' THEN (SELECT sc_server_time FROM bridge.run WHERE run_id = :run_id)
        ELSE l.sc_checked_at
    END,
    -- What is not found confirms nothing; nobody waits for that of a copy that was withdrawn.
    {half}_written_at = CASE
        WHEN s.presence = 'absent' AND l.withheld IS DISTINCT FROM 'withdrawn_from_{side}' THEN l.{half}_written_at
        ELSE s.by_us_now
    END
FROM seen s
WHERE l.link_id = s.link_id
