-- Advance the base and the state of pairs by what was answered with success, or waits for nothing
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
           -- both:
           (array_agg({half}_title ORDER BY nth) FILTER (WHERE {half}_mask & 1 <> 0))[1] AS {half}_title,
           (array_agg({half}_status ORDER BY nth) FILTER (WHERE {half}_mask & 2 <> 0))[1] AS {half}_status,
           (array_agg({half}_priority ORDER BY nth) FILTER (WHERE {half}_mask & 4 <> 0))[1] AS {half}_priority,
           (array_agg({half}_due_date ORDER BY nth) FILTER (WHERE {half}_mask & 8 <> 0))[1] AS {half}_due_date,
           (array_agg({half}_details ORDER BY nth) FILTER (WHERE {half}_mask & 16 <> 0))[1] AS {half}_details,
           (array_agg({half}_owner ORDER BY nth) FILTER (WHERE {half}_mask & 32 <> 0))[1] AS {half}_owner,
           bit_or({half}_mask) AS {half}_mask,
           (array_agg({half}_outside ORDER BY nth) FILTER (WHERE {half}_outside IS NOT NULL))[1] AS {half}_outside,
           -- end
           (array_agg(sc_type ORDER BY nth) FILTER (WHERE inputs))[1] AS sc_type,
           (array_agg(sc_campaign_name ORDER BY nth) FILTER (WHERE inputs))[1] AS sc_campaign_name,
           (array_agg(sc_campaign_day ORDER BY nth) FILTER (WHERE inputs))[1] AS sc_campaign_day,
           (array_agg(sc_campaign_step ORDER BY nth) FILTER (WHERE inputs))[1] AS sc_campaign_step,
           (array_agg(sc_call_outcome ORDER BY nth) FILTER (WHERE inputs))[1] AS sc_call_outcome,
           (array_agg(sc_call_reason ORDER BY nth) FILTER (WHERE inputs))[1] AS sc_call_reason,
           bool_or(inputs) AS inputs,
           (array_agg(state ORDER BY nth) FILTER (WHERE state IS NOT NULL))[1] AS state,
           (array_agg(withheld ORDER BY nth) FILTER (WHERE state IS NOT NULL))[1] AS withheld
    FROM due
    GROUP BY link_id
)
UPDATE bridge.link l
SET
    -- both:
    {half}_title = CASE WHEN n.{half}_mask & 1 <> 0 THEN n.{half}_title ELSE l.{half}_title END,
    {half}_status = CASE WHEN n.{half}_mask & 2 <> 0 THEN n.{half}_status ELSE l.{half}_status END,
    {half}_priority = CASE WHEN n.{half}_mask & 4 <> 0 THEN n.{half}_priority ELSE l.{half}_priority END,
    {half}_due_date = CASE WHEN n.{half}_mask & 8 <> 0 THEN n.{half}_due_date ELSE l.{half}_due_date END,
    {half}_details = CASE WHEN n.{half}_mask & 16 <> 0 THEN n.{half}_details ELSE l.{half}_details END,
    {half}_owner = CASE WHEN n.{half}_mask & 32 <> 0 THEN n.{half}_owner ELSE l.{half}_owner END,
    {half}_outside = CASE WHEN n.{half}_outside IS NULL THEN l.{half}_outside ELSE nullif(n.{half}_outside, '') END,
    -- end
    sc_type = CASE WHEN n.inputs THEN n.sc_type ELSE l.sc_type END,
    sc_campaign_name = CASE WHEN n.inputs THEN n.sc_campaign_name ELSE l.sc_campaign_name END,
    sc_campaign_day = CASE WHEN n.inputs THEN n.sc_campaign_day ELSE l.sc_campaign_day END,
    sc_campaign_step = CASE WHEN n.inputs THEN n.sc_campaign_step ELSE l.sc_campaign_step END,
    sc_call_outcome = CASE WHEN n.inputs THEN n.sc_call_outcome ELSE l.sc_call_outcome END,
    sc_call_reason = CASE WHEN n.inputs THEN n.sc_call_reason ELSE l.sc_call_reason END,
    state = coalesce(n.state, l.state),
    withheld = CASE WHEN n.state IS NULL THEN l.withheld ELSE n.withheld END,
    changed_run_id = :run_id,
    changed_at = now()
FROM newest n
WHERE l.link_id = n.link_id
