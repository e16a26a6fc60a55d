-- Purpose: pairs with anything unfinished are dirty, the others that this run looked at are clean (G9)
-- Parameters: run_id
-- Caller: store/settling.py
WITH seen AS (
    -- Of users whom it was not asked for, a run says nothing.
    SELECT l.link_id,
           s.disposition IS NULL
           OR s.disposition IN ('held', 'dead_letter', 'deferred') AS unfinished
    FROM staging.sales_connect_task s
    JOIN bridge.link l ON l.sc_id = s.remote_id
    WHERE s.run_id = :run_id AND s.rule IS DISTINCT FROM 'selection'
    UNION ALL
    SELECT l.link_id,
           s.disposition IS NULL
           OR s.disposition IN ('held', 'dead_letter', 'deferred')
    FROM staging.salesforce_task s
    JOIN bridge.link l ON l.sf_id = s.remote_id
    WHERE s.run_id = :run_id AND s.rule IS DISTINCT FROM 'selection'
    UNION ALL
    SELECT link_id, state <> 'done' FROM bridge.action WHERE run_id = :run_id AND state <> 'done'
    UNION ALL
    SELECT link_id, true FROM bridge.action WHERE run_id < :run_id AND state = 'sent'
),
judged AS (
    SELECT s.link_id,
           bool_or(
               s.unfinished
               OR l.state IN ('pending', 'missing', 'held')
               -- What else is unfinished in its pairs, a run that undoes or restores does not decide.
               OR (l.dirty AND (SELECT r.mode IN ('undo', 'restore') FROM bridge.run r WHERE r.run_id = :run_id))
           ) AS dirty
    FROM seen s
    JOIN bridge.link l USING (link_id)
    GROUP BY s.link_id
)
UPDATE bridge.link l
SET dirty = j.dirty,
    dirty_since = CASE WHEN j.dirty THEN coalesce(l.dirty_since, now()) END,
    sc_changed_at = CASE WHEN j.dirty THEN l.sc_changed_at END,
    sf_changed_at = CASE WHEN j.dirty THEN l.sf_changed_at END
FROM judged j
WHERE l.link_id = j.link_id AND l.dirty <> j.dirty
