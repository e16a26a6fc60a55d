-- Purpose: new record ids, what we deleted and the times of our writes, for the actions just answered
-- Parameters: run_id; reads incoming_outcome
-- Caller: store/outbox.py
WITH written AS (
    SELECT a.link_id,
           max(o.remote_id) FILTER (WHERE a.side = 'sales_connect' AND a.op = 'create') AS sc_created,
           max(o.remote_id) FILTER (WHERE a.side = 'salesforce' AND a.op = 'create') AS sf_created,
           max(a.remote_id) FILTER (WHERE a.side = 'sales_connect' AND a.op = 'delete') AS sc_deleted,
           max(a.remote_id) FILTER (WHERE a.side = 'salesforce' AND a.op = 'delete') AS sf_deleted,
           max(a.written_at) FILTER (WHERE a.side = 'sales_connect') AS sc_written_at,
           max(a.written_at) FILTER (WHERE a.side = 'salesforce') AS sf_written_at,
           max(a.owner) FILTER (WHERE a.side = 'sales_connect' AND a.mask & 32 <> 0) AS sc_owner,
           max(a.owner) FILTER (WHERE a.side = 'salesforce' AND a.mask & 32 <> 0) AS sf_owner,
           max(a.action_id) FILTER (WHERE a.side = 'sales_connect' AND a.op = 'delete') AS sc_removal
    FROM incoming_outcome o
    JOIN bridge.action a USING (action_id)
    WHERE a.state = 'done'
    GROUP BY a.link_id
)
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
LEFT JOIN bridge.kept k ON k.action_id = w.sc_removal
WHERE l.link_id = w.link_id
