-- What there is to settle, so that no statement is sent that would find nothing
SELECT
    EXISTS (SELECT FROM staging.seen WHERE run_id = :run_id)
        OR EXISTS (SELECT FROM bridge.action WHERE run_id = :run_id)
        OR EXISTS (SELECT FROM bridge.action WHERE state = 'sent') AS looked,
    EXISTS (SELECT FROM bridge.action WHERE run_id = :run_id AND state = 'done') AS wrote,
    EXISTS (SELECT FROM bridge.ledger_change WHERE applied_at IS NULL) AS changes,
    EXISTS (
        SELECT FROM bridge.ledger_change c JOIN bridge.run r USING (run_id)
        WHERE c.applied_at IS NULL AND c.seq IS NULL AND c.run_id < :run_id AND r.mode = 'rebase'
    ) AS found,
    EXISTS (
        SELECT FROM bridge.run r
        JOIN bridge.conflict c ON c.conflict_id = CAST(r.asked ->> 'conflict_id' AS bigint)
        WHERE r.mode = 'restore' AND c.restored_at IS NULL
    ) AS restores,
    EXISTS (SELECT FROM bridge.decision WHERE state = 'open') AS decisions,
    EXISTS (SELECT FROM bridge.approval WHERE state = 'answered') AS answered,
    EXISTS (SELECT FROM bridge.dead_letter WHERE resolved_at IS NULL) AS parked,
    EXISTS (SELECT FROM bridge.action WHERE state = 'held') AS held,
    (SELECT reltuples FROM pg_class WHERE oid = 'bridge.link'::regclass) AS pairs,
    EXISTS (
        SELECT FROM bridge.user_map WHERE state = 'synced' AND (first_sync = 'owed' OR unread_since_sc IS NOT NULL)
    ) AS owed
