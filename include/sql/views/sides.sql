CREATE OR REPLACE VIEW mart.sides ( -- One row is a system: in use, or paused as it refuses the credentials.
    side, -- sales_connect or salesforce
    identity, -- Org or account
    state, -- active or paused
    reason, -- Why it is paused, and what helps
    since, -- Since when it is in this state
    next_attempt_at, -- When a paused system is tried again; SELECT bridge.resume_side(side, your name) makes it now
    read_until, -- Up to where it was read and everything settled, by its own clock
    looked_at, -- When its fields, rights and picklists were last looked at; null where a system says nothing of them
    breaches, -- What it lacked then, with remedies; empty when all is there
    conditional_updates, -- Whether it refuses an update of ours when somebody changed the task since it was read; null while not found out
    lacking -- Fields that it does not have or show, and that TaskBridge does without
) AS
SELECT
    s.side, i.identity, s.state, s.reason, s.since, s.next_attempt_at,
    w.position AS read_until,
    c.looked_at, c.breaches, c.conditional_updates, s.lacking
FROM bridge.side_state s
LEFT JOIN bridge.side_identity i USING (side)
LEFT JOIN bridge.watermark w USING (side)
LEFT JOIN bridge.contract c USING (side);
