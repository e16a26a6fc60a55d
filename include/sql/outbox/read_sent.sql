-- Purpose: writes of any run whose answer is unknown; may_land: cut off so lately that they may still be carried out
-- Parameters: run_id, side, late (interval)
-- Caller: store/outbox.py
WITH sent AS (
    SELECT a.*,
           greatest(
               clock_timestamp() - a.sent_at,
               -- The same by the server's clock, which is told when a run opens.
               (CASE a.side WHEN 'sales_connect' THEN r.sc_server_time ELSE r.sf_server_time END
                + (clock_timestamp() - r.opened_at))
               - (CASE a.side WHEN 'sales_connect' THEN s.sc_server_time ELSE s.sf_server_time END
                  + (a.sent_at - s.opened_at))
           ) AS age
    FROM bridge.action a
    JOIN bridge.run s ON s.run_id = a.run_id
    JOIN bridge.run r ON r.run_id = CAST(:run_id AS bigint)
    WHERE a.side = CAST(:side AS text) AND a.state = 'sent'
)
SELECT
    action_id, seq, link_id, side, op, remote_id, marker, state, rule, kind, asks, approval_id, sc_user_id, first_import,
    mask, title, status, priority, due_date, details, owner, person, seen_title, seen_status,
    seen_priority, seen_due_date, seen_details, seen_owner,
    -- A request that was answered is over, whatever the answer was.
    age < CAST(:late AS interval) AND coalesce(code, '') NOT IN ('SERVER_FAILED', 'ANSWER_UNUSABLE') AS may_land
FROM sent
ORDER BY run_id, seq
