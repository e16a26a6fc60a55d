-- Purpose: whether both systems are in use, and how far each was read
-- Parameters: none
-- Caller: people; made by store/migrate.py
CREATE OR REPLACE VIEW mart.sides AS
SELECT
    s.side, i.identity, s.state, s.reason, s.since, s.next_attempt_at,
    w.position AS read_until,
    c.looked_at, c.breaches, c.conditional_updates, s.lacking
FROM bridge.side_state s
LEFT JOIN bridge.side_identity i USING (side)
LEFT JOIN bridge.watermark w USING (side)
LEFT JOIN bridge.contract c USING (side);

COMMENT ON VIEW mart.sides IS 'One row is a system: in use, or paused as it refuses the credentials.';
COMMENT ON COLUMN mart.sides.side IS 'sales_connect or salesforce';
COMMENT ON COLUMN mart.sides.identity IS 'Org or account';
COMMENT ON COLUMN mart.sides.state IS 'active or paused';
COMMENT ON COLUMN mart.sides.reason IS 'Why it is paused, and what helps';
COMMENT ON COLUMN mart.sides.since IS 'Since when it is in this state';
COMMENT ON COLUMN mart.sides.next_attempt_at IS 'When a paused system is tried again; SELECT bridge.resume_side(side, your name) makes it now';
COMMENT ON COLUMN mart.sides.read_until IS 'Up to where it was read and everything settled, by its own clock';
COMMENT ON COLUMN mart.sides.looked_at IS 'When its fields, rights and picklists were last looked at; null where a system says nothing of them';
COMMENT ON COLUMN mart.sides.breaches IS 'What it lacked then, with remedies; empty when all is there';
COMMENT ON COLUMN mart.sides.conditional_updates IS
    'Whether it refuses an update of ours when somebody changed the task since it was read; null while not found out';
COMMENT ON COLUMN mart.sides.lacking IS 'Fields that it does not have or show, and that TaskBridge does without';
