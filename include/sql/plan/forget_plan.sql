-- Forget a plan of which nothing was sent
WITH actions AS (
    DELETE FROM bridge.action WHERE run_id = :run_id
),
conflicts AS (
    DELETE FROM bridge.conflict WHERE run_id = :run_id
),
left_out AS (
    DELETE FROM bridge.left_out WHERE run_id = :run_id
),
-- both: ,
{half}_ends AS (
    UPDATE staging.{side}_task
    SET link_id = NULL, disposition = NULL, rule = NULL
    WHERE run_id = :run_id AND disposition IS NOT NULL
)
-- end
DELETE FROM bridge.ledger_change WHERE run_id = :run_id AND applied_at IS NULL
