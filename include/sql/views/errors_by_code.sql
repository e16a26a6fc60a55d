-- Purpose: errors by code, with the remedy
-- Parameters: none
-- Caller: people; made by store/migrate.py
CREATE OR REPLACE VIEW mart.errors_by_code AS
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

COMMENT ON VIEW mart.errors_by_code IS 'One row is an error code of a system: records that cannot be understood, rejected writes, and writes to be tried again.';
COMMENT ON COLUMN mart.errors_by_code.side IS 'System that has the record, or answered the error';
COMMENT ON COLUMN mart.errors_by_code.code IS 'Error code of the vendor, or ours';
COMMENT ON COLUMN mart.errors_by_code.category IS 'intermittent, authentication, access, validation, data or other';
COMMENT ON COLUMN mart.errors_by_code.count IS 'How often it was met';
COMMENT ON COLUMN mart.errors_by_code.open IS 'Records or pairs that rest because of it';
COMMENT ON COLUMN mart.errors_by_code.first_seen_at IS 'When it was met first';
COMMENT ON COLUMN mart.errors_by_code.last_seen_at IS 'When it was met last';
COMMENT ON COLUMN mart.errors_by_code.last_message IS 'What was said last';
COMMENT ON COLUMN mart.errors_by_code.remedy IS 'What helps, and who must act';
