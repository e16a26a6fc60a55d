-- Purpose: what the run saw of salesforce: version, stamp of the last edit by a person, owner; confirms our writes
-- Parameters: run_id
-- Caller: store/settling.py
WITH written AS (
    -- What this run wrote came after what it saw; what earlier runs wrote came before.
    SELECT a.link_id,
           max(a.written_at) FILTER (WHERE a.run_id = :run_id) AS by_us_now,
           max(a.written_at) FILTER (WHERE a.run_id <> :run_id) AS by_us_before,
           coalesce(bool_or(a.mask & 32 <> 0) FILTER (WHERE a.run_id = :run_id), false) AS owner_by_us,
           coalesce(bool_or(a.op = 'delete') FILTER (WHERE a.run_id = :run_id), false) AS deleted_by_us
    FROM bridge.action a
    WHERE a.side = 'salesforce'
      AND a.state = 'done'
      AND a.link_id IN (
        SELECT link_id FROM bridge.action WHERE run_id = :run_id AND side = 'salesforce' AND state = 'done'
      )
    GROUP BY a.link_id
),
seen AS (
    SELECT l.link_id, s.presence, s.version, s.modified_at, s.owner,
           w.by_us_now, coalesce(w.owner_by_us, false) AS owner_by_us, coalesce(w.deleted_by_us, false) AS deleted_by_us,
           CASE WHEN w.by_us_now IS NULL THEN l.sf_written_at ELSE w.by_us_before END AS by_us_before
    FROM staging.salesforce_task s
    JOIN bridge.link l ON l.sf_id = s.remote_id
    LEFT JOIN written w ON w.link_id = l.link_id
    WHERE s.run_id = :run_id
      -- What a listing shows in an older version than before says nothing; what was read by id is the present (G9).
      AND (s.source IN ('by_id', 'sweep') OR coalesce(s.version >= l.sf_version, true))
      -- A row that waits for a run of everybody must still look new to that run (C7).
      AND s.rule IS DISTINCT FROM 'selection'
      -- So must what somebody brought back, until a run takes it in.
      AND NOT (s.presence = 'live' AND (l.state = 'tombstone' OR (l.withheld IS NOT NULL AND l.sf_deleted_id = l.sf_id)))
)
UPDATE bridge.link l
SET sf_version = coalesce(s.version, l.sf_version),
    sf_modified_at = CASE
        WHEN s.modified_at <= s.by_us_before THEN l.sf_modified_at
        ELSE coalesce(s.modified_at, l.sf_modified_at)
    END,
    sf_deleted_id = CASE
        WHEN s.presence = 'absent' OR s.deleted_by_us THEN l.sf_deleted_id
        WHEN s.presence = 'deleted' THEN l.sf_id
    END,
    sf_owner_now = CASE
        WHEN s.presence = 'live' AND NOT s.owner_by_us THEN coalesce(s.owner, l.sf_owner_now)
        ELSE l.sf_owner_now
    END,
    -- What is not found confirms nothing; nobody waits for that of a copy that was withdrawn.
    sf_written_at = CASE
        WHEN s.presence = 'absent' AND l.withheld IS DISTINCT FROM 'withdrawn_from_salesforce' THEN l.sf_written_at
        ELSE s.by_us_now
    END
FROM seen s
WHERE l.link_id = s.link_id
