-- What became of sent actions, and what their pairs learn at once: new record ids, what we deleted, when we wrote; an unknown answer and an existing marker stay sent, and a create that was taken for lost can turn out to be done (G2)
-- Parameters: run_id, action_id, outcome, remote_id, written_at, code, category, message, remedy (arrays)
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
      AND (a.state = 'sent' OR (a.state = 'retry' AND a.code = 'NOT_CREATED' AND o.outcome IN ('done', 'retry')))
    RETURNING a.action_id, a.link_id, a.side, a.op, a.state, a.remote_id, a.written_at, a.owner, a.mask
),
written AS (
    SELECT a.link_id,
           -- both:
           max(a.remote_id) FILTER (WHERE a.side = '{side}' AND a.op = 'create') AS {half}_created,
           max(a.remote_id) FILTER (WHERE a.side = '{side}' AND a.op = 'delete') AS {half}_deleted,
           max(a.written_at) FILTER (WHERE a.side = '{side}') AS {half}_written_at,
           max(a.owner) FILTER (WHERE a.side = '{side}' AND a.mask & 32 <> 0) AS {half}_owner,
           -- end
           max(a.action_id) FILTER (WHERE a.side = 'sales_connect' AND a.op = 'delete') AS sc_removal
    FROM recorded a
    WHERE a.state = 'done'
    GROUP BY a.link_id
),
learnt AS (
    UPDATE bridge.link l
    SET
        -- both:
        {half}_id = coalesce(w.{half}_created, l.{half}_id),
        {half}_deleted_id = coalesce(w.{half}_deleted, l.{half}_deleted_id),
        {half}_written_at = coalesce(w.{half}_written_at, l.{half}_written_at),
        {half}_owner_now = coalesce(w.{half}_owner, l.{half}_owner_now),
        -- end
        state = CASE WHEN w.sc_created IS NULL AND w.sf_created IS NULL THEN l.state ELSE 'linked' END,
        -- A copy that is found after its pair has ended: what became of the original is read, and decided anew.
        dirty = l.dirty OR (l.state = 'tombstone' AND (w.sc_created IS NOT NULL OR w.sf_created IS NOT NULL)),
        withheld = CASE WHEN w.sc_created IS NULL AND w.sf_created IS NULL THEN l.withheld END,
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
