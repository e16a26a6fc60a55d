CREATE OR REPLACE VIEW mart.task_pairs ( -- One row is a pair, with the values that both sides had when they were last read or written together.
    link_id, -- Name of the pair
    origin, -- System in which it began
    state, -- pending, linked, held, missing, released or tombstone
    dirty, -- Whether something is unfinished (G9)
    dirty_since, -- Since when
    sc_id, -- Sales Connect task
    sf_id, -- Salesforce task
    sc_title, -- Name in Sales Connect (personal)
    sf_title, -- Subject in Salesforce (personal)
    sc_status, -- Status in Sales Connect
    sf_status, -- Status in Salesforce
    sc_priority, -- Priority in Sales Connect
    sf_priority, -- Priority in Salesforce
    sc_due_date, -- Due date in Sales Connect
    sf_due_date, -- Due date in Salesforce
    sc_details, -- Details in Sales Connect (personal)
    sf_details, -- Comments in Salesforce (personal)
    sc_owner, -- Sales Connect user
    sf_owner, -- Salesforce user
    owner_name, -- Name of the Sales Connect user (personal)
    sc_version, -- Last seen version in Sales Connect
    sf_version, -- Last seen version in Salesforce
    changed_at, -- When values, ids or state last changed
    changed_run_id -- Run that changed them
) AS
SELECT
    l.link_id, l.origin, l.state, l.dirty, l.dirty_since,
    l.sc_id, l.sf_id,
    l.sc_title, l.sf_title,
    l.sc_status, l.sf_status,
    l.sc_priority, l.sf_priority,
    l.sc_due_date, l.sf_due_date,
    l.sc_details, l.sf_details,
    l.sc_owner, l.sf_owner,
    u.name AS owner_name,
    l.sc_version, l.sf_version,
    l.changed_at, l.changed_run_id
FROM bridge.link l
LEFT JOIN bridge.user_map u ON u.sc_user_id = l.sc_owner;
