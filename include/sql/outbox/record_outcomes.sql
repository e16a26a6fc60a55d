-- Purpose: what became of sent actions, and what their pairs learn at once: new record ids, what we deleted, when we wrote; an unknown answer and an existing marker stay sent, and a create that was taken for lost can turn out to be done (G2)
-- Parameters: run_id, action_id, outcome, remote_id, written_at, code, category, message, remedy (arrays)
-- Caller: store/outbox.py
WITH recorded AS (
    -- What follows reads from here: a search for actions that are done would begin with all that ever were.
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
    FROM unnest(
        CAST(:action_id AS text[]), CAST(:outcome AS text[]), CAST(:remote_id AS text[]), CAST(:written_at AS timestamptz[]),
        CAST(:code AS text[]), CAST(:category AS text[]), CAST(:message AS text[]), CAST(:remedy AS text[])
    ) AS o (action_id, outcome, remote_id, written_at, code, category, message, remedy)
    JOIN bridge.run r ON r.run_id = :run_id
    WHERE a.action_id = o.action_id
      AND (a.state = 'sent' OR (a.state = 'retry' AND a.code = 'NOT_CREATED' AND o.outcome = 'done'))
    RETURNING a.action_id, a.link_id, a.side, a.op, a.state, a.remote_id, a.written_at, a.owner, a.mask
),
written AS (
    SELECT a.link_id,
           max(a.remote_id) FILTER (WHERE a.side = 'sales_connect' AND a.op = 'create') AS sc_created,
           max(a.remote_id) FILTER (WHERE a.side = 'salesforce' AND a.op = 'create') AS sf_created,
           max(a.remote_id) FILTER (WHERE a.side = 'sales_connect' AND a.op = 'delete') AS sc_deleted,
           max(a.remote_id) FILTER (WHERE a.side = 'salesforce' AND a.op = 'delete') AS sf_deleted,
           max(a.written_at) FILTER (WHERE a.side = 'sales_connect') AS sc_written_at,
           max(a.written_at) FILTER (WHERE a.side = 'salesforce') AS sf_written_at,
           max(a.owner) FILTER (WHERE a.side = 'sales_connect' AND a.mask & 32 <> 0) AS sc_owner,
           max(a.owner) FILTER (WHERE a.side = 'salesforce' AND a.mask & 32 <> 0) AS sf_owner,
           max(a.action_id) FILTER (WHERE a.side = 'sales_connect' AND a.op = 'delete') AS sc_removal
    FROM recorded a
    WHERE a.state = 'done'
    GROUP BY a.link_id
),
learnt AS (
    UPDATE bridge.link l
    SET sc_id = coalesce(w.sc_created, l.sc_id),
        sf_id = coalesce(w.sf_created, l.sf_id),
        state = CASE WHEN w.sc_created IS NULL AND w.sf_created IS NULL THEN l.state ELSE 'linked' END,
        withheld = CASE WHEN w.sc_created IS NULL AND w.sf_created IS NULL THEN l.withheld END,
        sc_deleted_id = coalesce(w.sc_deleted, l.sc_deleted_id),
        sf_deleted_id = coalesce(w.sf_deleted, l.sf_deleted_id),
        sc_written_at = coalesce(w.sc_written_at, l.sc_written_at),
        sf_written_at = coalesce(w.sf_written_at, l.sf_written_at),
        sc_owner_now = coalesce(w.sc_owner, l.sc_owner_now),
        sf_owner_now = coalesce(w.sf_owner, l.sf_owner_now),
        sc_checked_at = coalesce(w.sc_written_at, l.sc_checked_at),
        -- As the record was when it was deleted, so it is made should it come back (K5).
        sc_type = CASE WHEN k.action_id IS NULL THEN l.sc_type ELSE k.type END,
        sc_campaign_name = CASE WHEN k.action_id IS NULL THEN l.sc_campaign_name ELSE k.campaign_name END,
        sc_campaign_day = CASE WHEN k.action_id IS NULL THEN l.sc_campaign_day ELSE k.campaign_day END,
        sc_campaign_step = CASE WHEN k.action_id IS NULL THEN l.sc_campaign_step ELSE k.campaign_step END,
        sc_call_outcome = CASE WHEN k.action_id IS NULL THEN l.sc_call_outcome ELSE k.call_outcome END,
        sc_call_reason = CASE WHEN k.action_id IS NULL THEN l.sc_call_reason ELSE k.call_reason END,
        changed_run_id = :run_id,
        changed_at = now()
    FROM written w
    LEFT JOIN LATERAL (SELECT * FROM bridge.kept WHERE action_id = w.sc_removal OFFSET 0) k ON true
    WHERE l.link_id = w.link_id
)
SELECT count(*) AS stored,
       count(*) FILTER (WHERE op = 'create' AND state = 'done' AND remote_id IS NULL) AS nameless
FROM recorded
