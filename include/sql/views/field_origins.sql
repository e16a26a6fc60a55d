-- Purpose: where the present values of each field of a pair come from
-- Parameters: none
-- Caller: people, store/explaining.py; made by store/migrate.py
CREATE OR REPLACE VIEW mart.field_origins AS
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

COMMENT ON VIEW mart.field_origins IS 'One row is a field of a pair: the values that both sides last agreed on, and which side, run and rule they come from.';
COMMENT ON COLUMN mart.field_origins.link_id IS 'Pair; bridge.pair_of(...) tells it for a record id';
COMMENT ON COLUMN mart.field_origins.sc_id IS 'Sales Connect task';
COMMENT ON COLUMN mart.field_origins.sf_id IS 'Salesforce task';
COMMENT ON COLUMN mart.field_origins.field IS 'Field';
COMMENT ON COLUMN mart.field_origins.sc_value IS 'Value in Sales Connect when it was last read or written together with the other side';
COMMENT ON COLUMN mart.field_origins.sf_value IS 'The same in Salesforce';
COMMENT ON COLUMN mart.field_origins.came_from IS 'System whose value it was; both, when both held it by themselves. Null before the pair was ever written';
COMMENT ON COLUMN mart.field_origins.rule IS 'Rules that led to it, comma-separated';
COMMENT ON COLUMN mart.field_origins.explanation IS 'The first of them in plain words';
COMMENT ON COLUMN mart.field_origins.run_id IS 'Run that set it';
COMMENT ON COLUMN mart.field_origins.mode IS 'How that run came about';
COMMENT ON COLUMN mart.field_origins.asked_by IS 'Who asked for that run; null for a schedule';
COMMENT ON COLUMN mart.field_origins.set_at IS 'When: the time of the write by the server''s clock, else of the run''s end';
COMMENT ON COLUMN mart.field_origins.action_id IS 'The write; null when nothing had to be written';
