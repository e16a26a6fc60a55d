-- Purpose: what each run planned: what, from which value to which, why, and why it is held
-- Parameters: none
-- Caller: people; made by store/migrate.py
CREATE OR REPLACE VIEW mart.plan AS
SELECT
    a.run_id, r.mode, r.dry_run, a.seq, a.side, a.op, f.field,
    CASE WHEN a.op <> 'create' THEN f.before END AS before,
    CASE WHEN a.op <> 'delete' THEN f.after END AS after,
    a.rule, why.explanation AS why, a.state,
    CASE WHEN a.state = 'held' THEN hold.explanation END AS held_why,
    CASE WHEN a.state = 'held' THEN hold.remedy END AS held_remedy,
    a.kind, a.remote_id, a.link_id, a.sc_user_id, u.name AS user_name, a.action_id, a.planned_at
FROM bridge.action a
JOIN bridge.run r USING (run_id)
CROSS JOIN LATERAL (VALUES
    (1, 'title', a.seen_title, a.title),
    (2, 'status', a.seen_status, a.status),
    (4, 'priority', a.seen_priority, a.priority),
    (8, 'due_date', a.seen_due_date::text, a.due_date::text),
    (16, 'details', a.seen_details, a.details),
    (32, 'owner', a.seen_owner, a.owner)
) AS f (bit, field, before, after)
LEFT JOIN bridge.user_map u ON u.sc_user_id = a.sc_user_id
LEFT JOIN mart.explanations why ON why.rule = split_part(a.rule, ',', 1)
-- The last of its rules is the one that holds it.
LEFT JOIN mart.explanations hold ON hold.rule = split_part(a.rule, ',', -1)
WHERE CASE a.op WHEN 'delete' THEN f.before IS NOT NULL OR f.bit = 1 ELSE a.mask & f.bit <> 0 END;

COMMENT ON VIEW mart.plan IS 'One row is a field that a run planned to write, or that would go away with a record; of a dry run all that it would have done.';
COMMENT ON COLUMN mart.plan.run_id IS 'Run that planned it';
COMMENT ON COLUMN mart.plan.mode IS 'How that run came about';
COMMENT ON COLUMN mart.plan.dry_run IS 'Whether it was only to be looked at';
COMMENT ON COLUMN mart.plan.seq IS 'Place in the plan';
COMMENT ON COLUMN mart.plan.side IS 'System to write';
COMMENT ON COLUMN mart.plan.op IS 'create, update or delete';
COMMENT ON COLUMN mart.plan.field IS 'Field';
COMMENT ON COLUMN mart.plan.before IS 'Value that the record held; of a delete, what goes away';
COMMENT ON COLUMN mart.plan.after IS 'Value to write';
COMMENT ON COLUMN mart.plan.rule IS 'Rules that led to it, comma-separated';
COMMENT ON COLUMN mart.plan.why IS 'The first of them in plain words';
COMMENT ON COLUMN mart.plan.state IS 'planned or held; after a run that was not dry, what became of it';
COMMENT ON COLUMN mart.plan.held_why IS 'Why it is held, in plain words; else null';
COMMENT ON COLUMN mart.plan.held_remedy IS 'What lets it go on';
COMMENT ON COLUMN mart.plan.kind IS 'Kinds of limit that it counts for (G3), comma-separated';
COMMENT ON COLUMN mart.plan.remote_id IS 'Record to write; null for one to be created';
COMMENT ON COLUMN mart.plan.link_id IS 'Pair';
COMMENT ON COLUMN mart.plan.sc_user_id IS 'User whose task it is';
COMMENT ON COLUMN mart.plan.user_name IS 'Name of that user';
COMMENT ON COLUMN mart.plan.action_id IS 'Action';
COMMENT ON COLUMN mart.plan.planned_at IS 'When it was planned';
