CREATE OR REPLACE VIEW mart.plan ( -- One row is a field that a run planned to write, or that would go away with a record; of a dry run all that it would have done.
    run_id, -- Run that planned it
    mode, -- How that run came about
    dry_run, -- Whether it was only to be looked at
    seq, -- Place in the plan
    side, -- System to write
    op, -- create, update or delete
    field, -- Field
    before, -- Value that the record held; of a delete, what goes away (personal)
    after, -- Value to write (personal)
    rule, -- Rules that led to it, comma-separated
    why, -- The first of them in plain words
    state, -- planned or held; after a run that was not dry, what became of it
    held_why, -- Why it is held, in plain words; else null
    held_remedy, -- What lets it go on
    kind, -- Kinds of limit that it counts for (G3), comma-separated
    remote_id, -- Record to write; null for one to be created
    link_id, -- Pair
    title, -- Name of the task (personal)
    sc_user_id, -- User whose task it is
    user_name, -- Name of that user (personal)
    action_id, -- Action
    planned_at -- When it was planned
) AS
SELECT
    a.run_id, r.mode, r.dry_run, a.seq, a.side, a.op, f.field,
    CASE WHEN a.op <> 'create' THEN f.before END AS before,
    CASE WHEN a.op <> 'delete' THEN f.after END AS after,
    a.rule, why.explanation AS why, a.state,
    CASE WHEN a.state = 'held' THEN hold.explanation END AS held_why,
    CASE WHEN a.state = 'held' THEN hold.remedy END AS held_remedy,
    a.kind, a.remote_id, a.link_id, coalesce(l.sc_title, a.title, a.seen_title) AS title, a.sc_user_id, u.name AS user_name, a.action_id, a.planned_at
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
LEFT JOIN bridge.link l USING (link_id)
LEFT JOIN bridge.user_map u ON u.sc_user_id = a.sc_user_id
LEFT JOIN mart.explanations why ON why.rule = split_part(a.rule, ',', 1)
-- The last of its rules is the one that holds it.
LEFT JOIN mart.explanations hold ON hold.rule = split_part(a.rule, ',', -1)
WHERE CASE a.op WHEN 'delete' THEN f.before IS NOT NULL OR f.bit = 1 ELSE a.mask & f.bit <> 0 END;
