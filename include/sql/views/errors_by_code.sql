CREATE OR REPLACE VIEW mart.errors_by_code ( -- One row is an error code of a system: records that cannot be understood, rejected writes, and writes to be tried again.
    side, -- System that has the record, or answered the error
    code, -- Error code of the vendor, or ours
    category, -- intermittent, authentication, access, validation, data or other
    count, -- How often it was met
    open, -- Records or pairs that rest because of it
    first_seen_at, -- When it was met first
    last_seen_at, -- When it was met last
    last_message, -- What was said last (personal)
    remedy -- What helps, and who must act
) AS
WITH met AS (
    SELECT side, code, category, attempts, first_seen_at, last_seen_at, message, remedy, resolved_at IS NULL AS open
    FROM bridge.dead_letter
    UNION ALL
    SELECT side, coalesce(code, outcome, 'UNKNOWN'), coalesce(category, 'other'), 1, answered_at, answered_at,
           message, remedy, false
    FROM bridge.action
    WHERE state = 'retry'
)
SELECT
    side, code, category,
    sum(attempts) AS count,
    count(*) FILTER (WHERE open) AS open,
    min(first_seen_at) AS first_seen_at,
    max(last_seen_at) AS last_seen_at,
    (array_agg(message ORDER BY last_seen_at DESC NULLS LAST))[1] AS last_message,
    (array_agg(remedy ORDER BY last_seen_at DESC NULLS LAST))[1] AS remedy
FROM met
GROUP BY side, code, category;
