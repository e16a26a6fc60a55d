-- Purpose: what was written where, from which value to which, and why
-- Parameters: none
-- Caller: people; made by store/migrate.py
CREATE OR REPLACE VIEW mart.change_log AS
SELECT
    coalesce(a.written_at, a.answered_at) AS written_at,
    a.run_id, a.side, a.op, a.remote_id, a.link_id, f.field,
    CASE WHEN a.op <> 'create' THEN f.before END AS before,
    CASE WHEN a.op <> 'delete' THEN f.after END AS after,
    a.rule, a.sc_user_id, u.name AS user_name, a.action_id
FROM bridge.action a
CROSS JOIN LATERAL (VALUES
    (1, 'title', a.seen_title, a.title),
    (2, 'status', a.seen_status, a.status),
    (4, 'priority', a.seen_priority, a.priority),
    (8, 'due_date', a.seen_due_date::text, a.due_date::text),
    (16, 'details', a.seen_details, a.details),
    (32, 'owner', a.seen_owner, a.owner)
) AS f (bit, field, before, after)
LEFT JOIN bridge.user_map u USING (sc_user_id)
WHERE a.state = 'done'
  AND CASE a.op WHEN 'delete' THEN f.before IS NOT NULL ELSE a.mask & f.bit <> 0 END;

COMMENT ON VIEW mart.change_log IS 'One row is a field that TaskBridge wrote, or that went away with a record that it deleted (K5).';
COMMENT ON COLUMN mart.change_log.written_at IS 'When, by the server''s clock as far as it told';
COMMENT ON COLUMN mart.change_log.run_id IS 'Run that did it';
COMMENT ON COLUMN mart.change_log.side IS 'System that was written';
COMMENT ON COLUMN mart.change_log.op IS 'create, update or delete';
COMMENT ON COLUMN mart.change_log.remote_id IS 'Record that was written';
COMMENT ON COLUMN mart.change_log.link_id IS 'Pair';
COMMENT ON COLUMN mart.change_log.field IS 'Field';
COMMENT ON COLUMN mart.change_log.before IS 'Value before; of a delete, what the record held';
COMMENT ON COLUMN mart.change_log.after IS 'Value written';
COMMENT ON COLUMN mart.change_log.rule IS 'Rules that led to it, comma-separated';
COMMENT ON COLUMN mart.change_log.sc_user_id IS 'User whose task it is';
COMMENT ON COLUMN mart.change_log.user_name IS 'Name of that user';
COMMENT ON COLUMN mart.change_log.action_id IS 'Action';
