-- What is known of records that this plan creates anew, before their pairs forget them (K5)
-- Parameters: run_id, first (seq of the part's first action); before plan/save_new_links
INSERT INTO bridge.kept (
    run_id, action_id, link_id, reason, side, remote_id, version, modified_at, created_at,
    title, status, priority, due_date, details, owner, marker, person,
    type, campaign_name, campaign_day, campaign_step, call_outcome, call_reason,
    subtype, is_closed, is_recurrence, is_archived, completed_at, payload
)
SELECT a.run_id, a.action_id, l.link_id, 'recreated', a.side, l.sc_id, l.sc_version, l.sc_modified_at, s.created_at,
       l.sc_title, l.sc_status, l.sc_priority, l.sc_due_date, l.sc_details, l.sc_owner, s.marker, s.person,
       l.sc_type, l.sc_campaign_name, l.sc_campaign_day, l.sc_campaign_step, l.sc_call_outcome, l.sc_call_reason,
       NULL, NULL, NULL, NULL, NULL, s.payload
FROM bridge.action a
JOIN bridge.link l USING (link_id)
LEFT JOIN staging.sales_connect_task s ON s.run_id = a.run_id AND s.remote_id = l.sc_id
WHERE a.run_id = :run_id AND a.seq >= :first AND a.op = 'create' AND a.side = 'sales_connect' AND l.sc_id IS NOT NULL
UNION ALL
SELECT a.run_id, a.action_id, l.link_id, 'recreated', a.side, l.sf_id, l.sf_version, l.sf_modified_at, s.created_at,
       l.sf_title, l.sf_status, l.sf_priority, l.sf_due_date, l.sf_details, l.sf_owner, s.marker, s.person,
       NULL, NULL, NULL, NULL, NULL, NULL,
       s.subtype, s.is_closed, s.is_recurrence, s.is_archived, s.completed_at, s.payload
FROM bridge.action a
JOIN bridge.link l USING (link_id)
LEFT JOIN staging.salesforce_task s ON s.run_id = a.run_id AND s.remote_id = l.sf_id
WHERE a.run_id = :run_id AND a.seq >= :first AND a.op = 'create' AND a.side = 'salesforce' AND l.sf_id IS NOT NULL
