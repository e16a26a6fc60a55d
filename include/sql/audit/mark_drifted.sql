-- Let the next run read by id the pairs that drifted, and mend them by its rules (G9)
-- Parameters: run_id, deletes_told (interval)
WITH field (name, bit) AS (
    VALUES ('status', 2), ('priority', 4), ('due_date', 8), ('details', 16), ('owner', 32)
),
unexplained AS (
    SELECT d.link_id, f.bit
    FROM bridge.drift d
    JOIN field f ON f.name = d.field
    WHERE d.run_id = :run_id AND d.class = 'differs' AND d.unexplained
),
based AS (
    SELECT DISTINCT ON (u.link_id, u.bit) u.link_id, u.bit, c.run_id, r.mode
    FROM unexplained u
    JOIN bridge.ledger_change c ON c.link_id = u.link_id AND (c.sc_mask | c.sf_mask) & u.bit <> 0
    JOIN bridge.run r ON r.run_id = c.run_id
    WHERE c.applied_at IS NOT NULL
    ORDER BY u.link_id, u.bit, c.change_id DESC
),
forgotten AS (
    -- What a person left different, by an undo, a restore or a rejection, stays so (K5, G3).
    SELECT u.link_id, bit_or(u.bit) AS lost
    FROM unexplained u
    LEFT JOIN based b USING (link_id, bit)
    WHERE b.mode IS NULL
       OR (b.mode NOT IN ('undo', 'restore') AND NOT EXISTS (
            SELECT FROM bridge.approval_row w
            WHERE w.link_id = u.link_id AND w.run_id = b.run_id AND w.outcome = 'rejected'
        ))
    GROUP BY u.link_id
),
found AS (
    -- A difference that no change explains loses its base, so that K3 decides.
    SELECT d.link_id, bool_or(d.class = 'one_deleted') AS one_deleted, coalesce(max(f.lost), 0) AS lost
    FROM bridge.drift d
    LEFT JOIN forgotten f USING (link_id)
    WHERE d.run_id = :run_id
      AND d.link_id IS NOT NULL
      AND d.class IN ('differs', 'one_deleted', 'both_deleted', 'missing', 'without_records', 'half')
    GROUP BY d.link_id
    UNION ALL
    -- Of what takes no part an edit that no run has read may be what brings it back (C2, C3, C7, G3).
    SELECT DISTINCT d.link_id, false, 0
    FROM bridge.drift d
    JOIN bridge.link l USING (link_id)
    LEFT JOIN staging.sales_connect_task sc ON sc.run_id = d.run_id AND sc.remote_id = l.sc_id
    LEFT JOIN staging.salesforce_task sf ON sf.run_id = d.run_id AND sf.remote_id = l.sf_id
    WHERE d.run_id = :run_id
      AND d.class IN ('released', 'withheld', 'ended_but_live')
      AND (sc.version <> l.sc_version OR sf.version <> l.sf_version OR (sf.presence = 'live' AND l.sf_deleted_id = l.sf_id))
),
judged AS (
    -- Of a delete without a recent date a person decides (C6).
    SELECT
        f.*,
        f.one_deleted
        AND coalesce(sc.presence <> 'deleted' OR sc.version <= r.sc_server_time - CAST(:deletes_told AS interval), true)
        AND coalesce(sf.presence <> 'deleted' OR sf.version <= r.sf_server_time - CAST(:deletes_told AS interval), true)
        AS asks,
        CASE sc.presence WHEN 'deleted' THEN sc.remote_id END AS sc_deleted_id,
        CASE sf.presence WHEN 'deleted' THEN sf.remote_id END AS sf_deleted_id
    FROM found f
    JOIN bridge.link l USING (link_id)
    JOIN bridge.run r ON r.run_id = :run_id
    LEFT JOIN staging.sales_connect_task sc ON sc.run_id = r.run_id AND sc.remote_id = l.sc_id
    LEFT JOIN staging.salesforce_task sf ON sf.run_id = r.run_id AND sf.remote_id = l.sf_id
)
UPDATE bridge.link l
SET dirty = true,
    dirty_since = coalesce(l.dirty_since, now()),
    -- The next run may not find it by id, which alone proves nothing (C5).
    sc_deleted_id = coalesce(j.sc_deleted_id, l.sc_deleted_id),
    sf_deleted_id = coalesce(j.sf_deleted_id, l.sf_deleted_id),
    look_again_at = NULL,
    -- What a run has decided and not yet carried out was proven to that run.
    state = CASE WHEN j.asks AND l.state = 'linked' AND NOT l.dirty THEN 'held' ELSE l.state END,
    -- both: ,
    {half}_status = CASE WHEN j.lost & 2 = 0 THEN l.{half}_status END,
    {half}_priority = CASE WHEN j.lost & 4 = 0 THEN l.{half}_priority END,
    {half}_due_date = CASE WHEN j.lost & 8 = 0 THEN l.{half}_due_date END,
    {half}_details = CASE WHEN j.lost & 16 = 0 THEN l.{half}_details END,
    {half}_owner = CASE WHEN j.lost & 32 = 0 THEN l.{half}_owner END
    -- end
FROM judged j
WHERE l.link_id = j.link_id
