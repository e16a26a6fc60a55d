CREATE OR REPLACE VIEW mart.change_log ( -- One row is a field that TaskBridge wrote, or that went away with a record that it deleted (K5).
    written_at, -- When, by the server's clock as far as it told
    run_id, -- Run that did it
    side, -- System that was written
    op, -- create, update or delete
    remote_id, -- Record that was written
    link_id, -- Pair
    title, -- Name of the task (personal)
    field, -- Field
    before, -- Value before; of a delete, what the record held (personal)
    after, -- Value written (personal)
    rule, -- Rules that led to it, comma-separated
    sc_user_id, -- User whose task it is
    user_name, -- Name of that user (personal)
    action_id -- Action
) AS
SELECT
    coalesce(a.written_at, a.answered_at) AS written_at,
    a.run_id, a.side, a.op, a.remote_id, a.link_id, coalesce(l.sc_title, l.sf_title) AS title, f.field,
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
LEFT JOIN bridge.link l USING (link_id)
LEFT JOIN bridge.user_map u USING (sc_user_id)
WHERE a.state = 'done'
  AND CASE a.op WHEN 'delete' THEN f.before IS NOT NULL ELSE a.mask & f.bit <> 0 END;
