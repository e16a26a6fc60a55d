-- One open dead letter for each record that cannot be understood (G4)
WITH broken AS (
    -- both: UNION ALL
    SELECT '{side}' AS side, '{System}' AS system, s.remote_id, l.link_id, s.problem_code, s.problem_message, s.payload
    FROM staging.{side}_task s
    LEFT JOIN bridge.link l ON l.{half}_id = s.remote_id
    WHERE s.run_id = :run_id AND s.problem_code IS NOT NULL
    -- end
)
INSERT INTO bridge.dead_letter AS known (
    run_id, stage, side, remote_id, link_id, code, category, message, remedy, payload
)
SELECT :run_id, 'extract', side, remote_id, link_id, problem_code, 'data',
       coalesce(problem_message, 'The record cannot be understood.'),
       CASE problem_code
           WHEN 'PLAN_FAILED' THEN 'Report it, with the log of the task decide: this is a fault of the program. The record'
           ELSE 'Correct the record in ' || system || '; it'
       END || ' is read again when it changes.',
       payload
FROM broken
ON CONFLICT (side, remote_id) WHERE resolved_at IS NULL AND stage = 'extract' DO UPDATE
SET link_id = excluded.link_id, code = excluded.code, message = excluded.message, remedy = excluded.remedy,
    payload = excluded.payload,
    attempts = known.attempts + CASE
        WHEN known.last_seen_at < (SELECT opened_at FROM bridge.run WHERE run_id = :run_id) THEN 1 ELSE 0
    END,
    last_seen_at = now(),
    -- What a person ignores stays so while it is the same error.
    ignored_at = CASE WHEN known.code = excluded.code THEN known.ignored_at END
