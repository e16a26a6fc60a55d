CREATE OR REPLACE VIEW mart.field_origins ( -- One row is a field of a pair: the values that both sides last agreed on, and which side, run and rule they come from.
    link_id, -- Pair; bridge.pair_of(...) tells it for a record id
    sc_id, -- Sales Connect task
    sf_id, -- Salesforce task
    field, -- Field
    sc_value, -- Value in Sales Connect when it was last read or written together with the other side
    sf_value, -- The same in Salesforce
    came_from, -- System whose value it was; both, when both held it by themselves. Null before the pair was ever written
    rule, -- Rules that led to it, comma-separated
    explanation, -- The first of them in plain words (personal)
    run_id, -- Run that set it
    mode, -- How that run came about
    asked_by, -- Who asked for that run; null for a schedule (personal)
    set_at, -- When: the time of the write by the server's clock, else of the run's end
    action_id -- The write; null when nothing had to be written
) AS
SELECT
    l.link_id, l.sc_id, l.sf_id, f.field, f.sc_value, f.sf_value, c.came_from, c.rule, e.explanation,
    c.run_id, r.mode, r.asked_by, coalesce(c.written_at, c.applied_at) AS set_at, c.action_id
FROM bridge.link l
CROSS JOIN LATERAL (VALUES
    (1, 'title', l.sc_title, l.sf_title),
    (2, 'status', l.sc_status, l.sf_status),
    (4, 'priority', l.sc_priority, l.sf_priority),
    (8, 'due_date', l.sc_due_date::text, l.sf_due_date::text),
    (16, 'details', l.sc_details, l.sf_details),
    (32, 'owner', l.sc_owner, l.sf_owner)
) AS f (bit, field, sc_value, sf_value)
LEFT JOIN LATERAL (
    SELECT g.run_id, g.applied_at, a.action_id, a.written_at,
           CASE
               WHEN a.side = 'salesforce' THEN 'sales_connect'
               WHEN a.side = 'sales_connect' THEN 'salesforce'
               WHEN g.sc_mask & g.sf_mask & f.bit <> 0 THEN 'both'
               WHEN g.sc_mask & f.bit <> 0 THEN 'sales_connect'
               ELSE 'salesforce'
           END AS came_from,
           coalesce(
               a.rule,
               (SELECT k.rule FROM bridge.conflict k
                WHERE k.run_id = g.run_id AND k.link_id = l.link_id AND k.field = f.field LIMIT 1),
               CASE
                   WHEN g.sc_mask & g.sf_mask & f.bit <> 0 THEN 'K2'
                   WHEN f.bit = 1 AND g.sc_mask & f.bit <> 0 THEN 'T3'
                   WHEN f.bit = 1 THEN 'F1'
                   ELSE 'F6'
               END
           ) AS rule
    FROM bridge.ledger_change g
    LEFT JOIN bridge.action a ON a.run_id = g.run_id AND a.seq = g.seq
    WHERE g.link_id = l.link_id AND g.applied_at IS NOT NULL AND (g.sc_mask | g.sf_mask) & f.bit <> 0
    ORDER BY g.applied_at DESC, g.run_id DESC, g.seq DESC NULLS LAST, g.change_id DESC
    LIMIT 1
) c ON true
LEFT JOIN bridge.run r ON r.run_id = c.run_id
LEFT JOIN mart.explanations e ON e.rule = split_part(c.rule, ',', 1);
