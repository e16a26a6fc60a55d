-- Purpose: what the run saw of sales_connect: version, stamp of the last edit by a person, owner; confirms our writes
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
    WHERE a.side = 'sales_connect'
      AND a.state = 'done'
      AND a.link_id IN (
        SELECT link_id FROM bridge.action WHERE run_id = :run_id AND side = 'sales_connect' AND state = 'done'
      )
    GROUP BY a.link_id
),
seen AS (
    SELECT l.link_id, s.presence, s.version, s.modified_at, s.owner,
           w.by_us_now, coalesce(w.owner_by_us, false) AS owner_by_us, coalesce(w.deleted_by_us, false) AS deleted_by_us,
           CASE WHEN w.by_us_now IS NULL THEN l.sc_written_at ELSE w.by_us_before END AS by_us_before
    FROM staging.sales_connect_task s
    JOIN bridge.link l ON l.sc_id = s.remote_id
    LEFT JOIN written w ON w.link_id = l.link_id
    WHERE s.run_id = :run_id
      -- What a listing shows in an older version than before says nothing; what was read by id is the present (G9).
      AND (s.source IN ('by_id', 'sweep') OR coalesce(s.version >= l.sc_version, true))
      -- A row that waits for a run of everybody must still look new to that run (C7).
      AND s.rule IS DISTINCT FROM 'selection'
      -- So must what somebody brought back, until a run takes it in.
      AND NOT (l.state = 'tombstone' AND s.presence = 'live')
)
UPDATE bridge.link l
SET sc_version = coalesce(s.version, l.sc_version),
    sc_modified_at = CASE
        WHEN s.modified_at <= s.by_us_before THEN l.sc_modified_at
        ELSE coalesce(s.modified_at, l.sc_modified_at)
    END,
    sc_deleted_id = CASE
        WHEN s.presence = 'absent' OR s.deleted_by_us THEN l.sc_deleted_id
        WHEN s.presence = 'deleted' THEN l.sc_id
    END,
    sc_owner_now = CASE
        WHEN s.presence = 'live' AND NOT s.owner_by_us THEN coalesce(s.owner, l.sc_owner_now)
        ELSE l.sc_owner_now
    END,
    sc_checked_at = (SELECT sc_server_time FROM bridge.run WHERE run_id = :run_id),
    -- What is not found confirms nothing; nobody waits for that of a copy that was withdrawn.
    sc_written_at = CASE
        WHEN s.presence = 'absent' AND l.withheld IS DISTINCT FROM 'withdrawn_from_sales_connect' THEN l.sc_written_at
        ELSE s.by_us_now
    END
FROM seen s
WHERE l.link_id = s.link_id
