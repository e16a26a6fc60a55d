-- Purpose: actions of a run's plan that have left the planning stage
-- Parameters: run_id
-- Caller: store/plan.py
SELECT count(*) FROM bridge.action
WHERE run_id = :run_id AND (sent_at IS NOT NULL OR state NOT IN ('planned', 'held', 'stale'))
