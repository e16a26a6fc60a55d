-- Purpose: what became of sent actions; an unknown answer and an existing marker stay sent, and a create that was taken for lost can turn out to be done (G2)
-- Parameters: run_id; reads incoming_outcome
-- Caller: store/outbox.py
UPDATE bridge.action a
SET state = CASE
        WHEN o.outcome = 'done' THEN 'done'
        WHEN o.outcome = 'gone' AND a.op = 'delete' THEN 'done'
        WHEN o.outcome = 'gone' THEN 'stale'
        WHEN o.outcome = 'retry' THEN 'retry'
        WHEN o.outcome = 'rejected' THEN 'dead'
        ELSE 'sent'
    END,
    -- Until now the request was under way, so it may land for that much longer.
    sent_at = CASE
        WHEN o.outcome = 'unknown' AND o.code IS DISTINCT FROM 'CREATE_UNCLEAR' THEN clock_timestamp()
        ELSE a.sent_at
    END,
    remote_id = CASE WHEN o.outcome = 'done' THEN coalesce(o.remote_id, a.remote_id) ELSE a.remote_id END,
    answered_at = CASE WHEN o.outcome IN ('unknown', 'exists') THEN NULL ELSE clock_timestamp() END,
    written_at = CASE
        WHEN o.outcome = 'done' OR (o.outcome = 'gone' AND a.op = 'delete')
        THEN coalesce(
            o.written_at,
            -- Not told: the server's clock by now, as far as can be known.
            CASE a.side WHEN 'sales_connect' THEN r.sc_server_time ELSE r.sf_server_time END
            + greatest(clock_timestamp() - r.opened_at, interval '0')
        )
    END,
    outcome = o.outcome,
    code = o.code,
    category = o.category,
    message = o.message,
    remedy = o.remedy
FROM incoming_outcome o
JOIN bridge.run r ON r.run_id = :run_id
WHERE a.action_id = o.action_id
  AND (a.state = 'sent' OR (a.state = 'retry' AND a.code = 'NOT_CREATED' AND o.outcome = 'done'))
