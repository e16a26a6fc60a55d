-- Purpose: what was written within the hour to pairs that were written often enough to go to and fro (K6)
-- Parameters: writes (how many are enough)
-- Caller: store/plan.py
WITH recent AS (
    SELECT a.*,
           row_number() OVER (PARTITION BY a.link_id ORDER BY a.answered_at, a.run_id, a.seq) AS nth,
           count(*) OVER (PARTITION BY a.link_id) AS writes
    FROM bridge.action a
    WHERE a.state = 'done' AND a.op <> 'delete' AND a.answered_at > now() - interval '1 hour'
)
SELECT
    link_id, nth, side, op, mask, title, status, priority, due_date, details, owner,
    seen_title, seen_status, seen_priority, seen_due_date, seen_details, seen_owner
FROM recent
WHERE writes >= CAST(:writes AS bigint)
ORDER BY link_id, nth
