-- Purpose: what a dry run showed as held, for a person who releases it (G3)
-- Parameters: run_id
-- Caller: store/recovery.py
SELECT a.seq, a.link_id, a.side, a.op, a.remote_id, a.marker, a.state, a.rule, a.kind, a.asks, a.approval_id, a.sc_user_id, a.first_import, a.mask,
       a.title, a.status, a.priority, a.due_date, a.details, a.owner, a.person,
       a.seen_title, a.seen_status, a.seen_priority, a.seen_due_date, a.seen_details, a.seen_owner
FROM bridge.action a
JOIN bridge.run r USING (run_id)
WHERE a.run_id = CAST(:run_id AS bigint) AND r.dry_run AND a.state = 'held'
ORDER BY a.seq
