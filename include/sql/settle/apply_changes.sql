-- Purpose: advance the base and the state of pairs by what was answered with success, or waits for nothing
-- Parameters: run_id
-- Caller: store/settling.py
WITH due AS (
    -- nth: the newest first. Where two changes set a column, the newer plan's, and in it the later action's, stays.
    SELECT c.*, row_number() OVER (
        PARTITION BY c.link_id ORDER BY c.run_id DESC, c.seq DESC NULLS LAST, c.change_id DESC
    ) AS nth
    FROM bridge.ledger_change c
    JOIN bridge.run r ON r.run_id = c.run_id
    LEFT JOIN bridge.action a ON a.run_id = c.run_id AND a.seq = c.seq
    LEFT JOIN bridge.action b ON b.run_id = c.run_id AND b.seq = c.also
    WHERE c.applied_at IS NULL
      AND c.run_id <= :run_id
      AND (a.state = 'done' OR (c.seq IS NULL AND (c.run_id = :run_id OR r.mode = 'rebase')))
      AND (c.also IS NULL OR b.state = 'done')
),
applied AS (
    UPDATE bridge.ledger_change c SET applied_at = now() FROM due WHERE c.change_id = due.change_id
),
newest AS (
    SELECT link_id,
           (array_agg(sc_title ORDER BY nth) FILTER (WHERE sc_mask & 1 <> 0))[1] AS sc_title,
           (array_agg(sc_status ORDER BY nth) FILTER (WHERE sc_mask & 2 <> 0))[1] AS sc_status,
           (array_agg(sc_priority ORDER BY nth) FILTER (WHERE sc_mask & 4 <> 0))[1] AS sc_priority,
           (array_agg(sc_due_date ORDER BY nth) FILTER (WHERE sc_mask & 8 <> 0))[1] AS sc_due_date,
           (array_agg(sc_details ORDER BY nth) FILTER (WHERE sc_mask & 16 <> 0))[1] AS sc_details,
           (array_agg(sc_owner ORDER BY nth) FILTER (WHERE sc_mask & 32 <> 0))[1] AS sc_owner,
           bit_or(sc_mask) AS sc_mask,
           (array_agg(sf_title ORDER BY nth) FILTER (WHERE sf_mask & 1 <> 0))[1] AS sf_title,
           (array_agg(sf_status ORDER BY nth) FILTER (WHERE sf_mask & 2 <> 0))[1] AS sf_status,
           (array_agg(sf_priority ORDER BY nth) FILTER (WHERE sf_mask & 4 <> 0))[1] AS sf_priority,
           (array_agg(sf_due_date ORDER BY nth) FILTER (WHERE sf_mask & 8 <> 0))[1] AS sf_due_date,
           (array_agg(sf_details ORDER BY nth) FILTER (WHERE sf_mask & 16 <> 0))[1] AS sf_details,
           (array_agg(sf_owner ORDER BY nth) FILTER (WHERE sf_mask & 32 <> 0))[1] AS sf_owner,
           bit_or(sf_mask) AS sf_mask,
           (array_agg(sc_type ORDER BY nth) FILTER (WHERE inputs))[1] AS sc_type,
           (array_agg(sc_campaign_name ORDER BY nth) FILTER (WHERE inputs))[1] AS sc_campaign_name,
           (array_agg(sc_campaign_day ORDER BY nth) FILTER (WHERE inputs))[1] AS sc_campaign_day,
           (array_agg(sc_campaign_step ORDER BY nth) FILTER (WHERE inputs))[1] AS sc_campaign_step,
           (array_agg(sc_call_outcome ORDER BY nth) FILTER (WHERE inputs))[1] AS sc_call_outcome,
           (array_agg(sc_call_reason ORDER BY nth) FILTER (WHERE inputs))[1] AS sc_call_reason,
           bool_or(inputs) AS inputs,
           (array_agg(sc_outside ORDER BY nth) FILTER (WHERE sc_outside IS NOT NULL))[1] AS sc_outside,
           (array_agg(sf_outside ORDER BY nth) FILTER (WHERE sf_outside IS NOT NULL))[1] AS sf_outside,
           (array_agg(state ORDER BY nth) FILTER (WHERE state IS NOT NULL))[1] AS state,
           (array_agg(withheld ORDER BY nth) FILTER (WHERE state IS NOT NULL))[1] AS withheld
    FROM due
    GROUP BY link_id
)
UPDATE bridge.link l
SET sc_title = CASE WHEN n.sc_mask & 1 <> 0 THEN n.sc_title ELSE l.sc_title END,
    sc_status = CASE WHEN n.sc_mask & 2 <> 0 THEN n.sc_status ELSE l.sc_status END,
    sc_priority = CASE WHEN n.sc_mask & 4 <> 0 THEN n.sc_priority ELSE l.sc_priority END,
    sc_due_date = CASE WHEN n.sc_mask & 8 <> 0 THEN n.sc_due_date ELSE l.sc_due_date END,
    sc_details = CASE WHEN n.sc_mask & 16 <> 0 THEN n.sc_details ELSE l.sc_details END,
    sc_owner = CASE WHEN n.sc_mask & 32 <> 0 THEN n.sc_owner ELSE l.sc_owner END,
    sf_title = CASE WHEN n.sf_mask & 1 <> 0 THEN n.sf_title ELSE l.sf_title END,
    sf_status = CASE WHEN n.sf_mask & 2 <> 0 THEN n.sf_status ELSE l.sf_status END,
    sf_priority = CASE WHEN n.sf_mask & 4 <> 0 THEN n.sf_priority ELSE l.sf_priority END,
    sf_due_date = CASE WHEN n.sf_mask & 8 <> 0 THEN n.sf_due_date ELSE l.sf_due_date END,
    sf_details = CASE WHEN n.sf_mask & 16 <> 0 THEN n.sf_details ELSE l.sf_details END,
    sf_owner = CASE WHEN n.sf_mask & 32 <> 0 THEN n.sf_owner ELSE l.sf_owner END,
    sc_type = CASE WHEN n.inputs THEN n.sc_type ELSE l.sc_type END,
    sc_campaign_name = CASE WHEN n.inputs THEN n.sc_campaign_name ELSE l.sc_campaign_name END,
    sc_campaign_day = CASE WHEN n.inputs THEN n.sc_campaign_day ELSE l.sc_campaign_day END,
    sc_campaign_step = CASE WHEN n.inputs THEN n.sc_campaign_step ELSE l.sc_campaign_step END,
    sc_call_outcome = CASE WHEN n.inputs THEN n.sc_call_outcome ELSE l.sc_call_outcome END,
    sc_call_reason = CASE WHEN n.inputs THEN n.sc_call_reason ELSE l.sc_call_reason END,
    sc_outside = CASE WHEN n.sc_outside IS NULL THEN l.sc_outside ELSE nullif(n.sc_outside, '') END,
    sf_outside = CASE WHEN n.sf_outside IS NULL THEN l.sf_outside ELSE nullif(n.sf_outside, '') END,
    state = coalesce(n.state, l.state),
    withheld = CASE WHEN n.state IS NULL THEN l.withheld ELSE n.withheld END,
    changed_run_id = :run_id,
    changed_at = now()
FROM newest n
WHERE l.link_id = n.link_id
