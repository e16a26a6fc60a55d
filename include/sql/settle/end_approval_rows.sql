-- Rows of answered requests that the plan, or the answer to their write, has decided
UPDATE bridge.approval_row w
SET outcome = e.outcome, reason = coalesce(w.reason, e.reason), wanted = e.outcome = 'left_out' AND e.held
FROM (
    SELECT w.row_id,
           CASE WHEN w.seq IS NULL THEN CASE WHEN w.run_id = :run_id THEN w.planned_end END
                WHEN a.state = 'done' THEN 'done'
                WHEN a.state = 'dead' THEN 'refused'
                -- Of an earlier run: the switch or a death stopped it, and it is carried out again.
                WHEN a.state = 'stale' AND w.run_id = :run_id THEN 'left_out' END AS outcome,
           CASE a.state WHEN 'stale' THEN 'the record moved between the plan and the write'
                        WHEN 'dead' THEN a.code || ': ' || a.message END AS reason,
           -- What moved and is still planned stays held, and is asked for anew.
           coalesce(a.state = 'stale', false) OR EXISTS (
               SELECT FROM bridge.action h
               WHERE h.run_id = w.run_id AND h.state = 'held' AND h.asks = r.kind
                 AND h.link_id = w.link_id AND h.side = w.side
           ) AS held
    FROM bridge.approval_row w
    JOIN bridge.approval r USING (approval_id)
    LEFT JOIN bridge.action a ON a.run_id = w.run_id AND a.seq = w.seq
    WHERE w.outcome IS NULL AND w.run_id IS NOT NULL
) e
WHERE w.row_id = e.row_id AND e.outcome IS NOT NULL
