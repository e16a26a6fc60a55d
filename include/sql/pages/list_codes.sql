-- Errors by code, those with parked rows first
-- Parameters: lines
WITH met AS (
    SELECT side, code, category, attempts, first_seen_at, last_seen_at, message, remedy,
           resolved_at IS NULL AND ignored_at IS NULL AS open, resolved_at IS NULL AND ignored_at IS NOT NULL AS ignored
    FROM bridge.dead_letter
    UNION ALL
    SELECT side, coalesce(code, outcome, 'UNKNOWN'), coalesce(category, 'other'), 1, answered_at, answered_at, message,
           remedy, false, false
    FROM bridge.action
    WHERE state = 'retry'
)
SELECT side, code, category, sum(attempts) AS met, count(*) FILTER (WHERE open) AS open,
       count(*) FILTER (WHERE ignored) AS ignored, min(first_seen_at) AS first_seen_at, max(last_seen_at) AS last_seen_at,
       (array_agg(message ORDER BY last_seen_at DESC NULLS LAST))[1] AS message,
       (array_agg(remedy ORDER BY last_seen_at DESC NULLS LAST))[1] AS remedy
FROM met
GROUP BY side, code, category
ORDER BY count(*) FILTER (WHERE open) = 0, max(last_seen_at) DESC NULLS LAST, code
LIMIT :lines
