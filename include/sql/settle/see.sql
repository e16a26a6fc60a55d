-- What the run saw of either side: version, stamp of the last edit by a person, owner; confirms our writes
WITH
-- both: ,
{half}_written AS (
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
{half}_seen AS (
    SELECT l.link_id,
           coalesce(s.version, l.{half}_version) AS version,
           CASE
               WHEN s.modified_at <= CASE WHEN w.by_us_now IS NULL THEN l.{half}_written_at ELSE w.by_us_before END
               THEN l.{half}_modified_at
               ELSE coalesce(s.modified_at, l.{half}_modified_at)
           END AS modified_at,
           CASE
               WHEN s.presence = 'absent' OR w.deleted_by_us THEN l.{half}_deleted_id
               WHEN s.presence = 'deleted' THEN l.{half}_id
           END AS deleted_id,
           CASE
               WHEN s.presence = 'live' AND w.owner_by_us IS NOT TRUE THEN coalesce(s.owner, l.{half}_owner_now)
               ELSE l.{half}_owner_now
           END AS owner,
           -- What is not found confirms nothing; nobody waits for that of a copy that was withdrawn.
           CASE
               WHEN s.presence = 'absent' AND l.withheld IS DISTINCT FROM 'withdrawn_from_{side}' THEN l.{half}_written_at
               ELSE w.by_us_now
           END AS written_at
    FROM staging.{side}_task s
    JOIN bridge.link l ON l.{half}_id = s.remote_id
    LEFT JOIN {half}_written w ON w.link_id = l.link_id
    WHERE s.run_id = :run_id
      -- What a listing shows in an older version than before says nothing; what was read by id is the present (G9).
      AND (s.source IN ('by_id', 'sweep') OR coalesce(s.version >= l.{half}_version, true))
      -- A row that waits for a run of everybody must still look new to that run (C7).
      AND s.rule IS DISTINCT FROM 'selection'
      -- So must what somebody brought back, until a run takes it in.
      AND NOT (s.presence = 'live' AND (l.state = 'tombstone' OR (l.withheld IS NOT NULL AND l.{half}_deleted_id = l.{half}_id)))
    UNION ALL
    -- Of such a record of a pair that is kept out it is known what became of our write, which nobody waits for any more.
    SELECT l.link_id, l.{half}_version, l.{half}_modified_at, l.{half}_deleted_id, l.{half}_owner_now, NULL
    FROM staging.{side}_task s
    JOIN bridge.link l ON l.{half}_id = s.remote_id
    WHERE s.run_id = :run_id AND s.presence = 'live' AND s.source = 'by_id' AND s.rule IS DISTINCT FROM 'selection'
      AND l.withheld IS NOT NULL AND l.{half}_deleted_id = l.{half}_id
)
-- end
UPDATE bridge.link l
SET
    -- both:
    {half}_version = coalesce({half}.version, l.{half}_version),
    {half}_modified_at = coalesce({half}.modified_at, l.{half}_modified_at),
    {half}_deleted_id = CASE WHEN {half}.link_id IS NULL THEN l.{half}_deleted_id ELSE {half}.deleted_id END,
    {half}_owner_now = coalesce({half}.owner, l.{half}_owner_now),
    {half}_written_at = CASE WHEN {half}.link_id IS NULL THEN l.{half}_written_at ELSE {half}.written_at END,
    -- end
    -- For the sweep, which Salesforce does not need.
    sc_checked_at = CASE WHEN sc.link_id IS NULL THEN l.sc_checked_at ELSE r.sc_server_time END
FROM sc_seen sc
FULL JOIN sf_seen sf USING (link_id) AS seen
CROSS JOIN (SELECT sc_server_time FROM bridge.run WHERE run_id = :run_id) r
WHERE l.link_id = seen.link_id
  -- A new pair was stored as it was seen.
  AND (
    sc.link_id IS NOT NULL AND l.sc_checked_at <> r.sc_server_time
    -- both:
    OR {half}.link_id IS NOT NULL
       AND ({half}.version, {half}.modified_at, {half}.deleted_id, {half}.owner, {half}.written_at) IS DISTINCT FROM
           (l.{half}_version, l.{half}_modified_at, l.{half}_deleted_id, l.{half}_owner_now, l.{half}_written_at)
    -- end
  )
