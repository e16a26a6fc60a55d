-- Rejected rows: one open dead letter for each side of a pair (G4)
-- Parameters: run_id, parked_retry (interval), action_id (array): rows whose outcomes are recorded
INSERT INTO bridge.dead_letter AS known (
    run_id, stage, side, remote_id, link_id, action_id, code, category, message, remedy, next_try_at
)
SELECT DISTINCT ON (a.side, a.link_id)
    CAST(:run_id AS bigint), 'load', a.side, a.remote_id, a.link_id, a.action_id,
    coalesce(a.code, 'UNKNOWN'), coalesce(a.category, 'other'),
    coalesce(a.message, 'The system gave no reason.'),
    coalesce(a.remedy, 'Look at the record in the system that refused it, and correct it there.'),
    now() + CAST(:parked_retry AS interval)
FROM bridge.action a
WHERE a.action_id = ANY (CAST(:action_id AS text[])) AND a.outcome = 'rejected'
ORDER BY a.side, a.link_id, a.run_id DESC, a.seq
ON CONFLICT (side, link_id) WHERE resolved_at IS NULL AND stage = 'load' DO UPDATE
SET action_id = excluded.action_id, remote_id = excluded.remote_id, code = excluded.code,
    category = excluded.category, message = excluded.message, remedy = excluded.remedy,
    attempts = known.attempts + 1, last_seen_at = now(),
    -- What a person ignores stays so while it is the same error.
    next_try_at = CASE WHEN known.ignored_at IS NOT NULL AND known.code = excluded.code THEN known.next_try_at ELSE excluded.next_try_at END,
    ignored_at = CASE WHEN known.code = excluded.code THEN known.ignored_at END
