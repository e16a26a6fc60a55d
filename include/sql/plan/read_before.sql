-- What a plan that is about to be stored finds: a plan of the same run, writes of it that were begun, records that cannot be understood, and what is open between people and pairs
SELECT
    (
        SELECT count(*) FROM bridge.action
        WHERE run_id = :run_id AND (sent_at IS NOT NULL OR state NOT IN ('planned', 'held', 'stale'))
    ) AS begun,
    EXISTS (SELECT FROM bridge.action WHERE run_id = :run_id)
        OR EXISTS (SELECT FROM bridge.left_out WHERE run_id = :run_id)
        OR EXISTS (SELECT FROM staging.seen WHERE run_id = :run_id AND disposition IS NOT NULL) AS stored,
    EXISTS (SELECT FROM staging.seen WHERE run_id = :run_id AND problem_code IS NOT NULL) AS broken,
    EXISTS (SELECT FROM bridge.approval WHERE state = 'open')
        OR EXISTS (SELECT FROM bridge.approval_row WHERE outcome = 'left_out' AND wanted) AS asked,
    EXISTS (SELECT FROM bridge.conflict WHERE winner IS NULL AND decided_at IS NULL AND NOT dry_run)
        OR EXISTS (SELECT FROM bridge.decision WHERE state = 'open') AS contested
