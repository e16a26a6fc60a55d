-- Purpose: pairs with the values of both sides
-- Parameters: none
-- Caller: people; made by store/migrate.py
CREATE OR REPLACE VIEW mart.task_pairs AS
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

COMMENT ON VIEW mart.task_pairs IS 'One row is a pair, with the values that both sides had when they were last read or written together.';
COMMENT ON COLUMN mart.task_pairs.link_id IS 'Name of the pair';
COMMENT ON COLUMN mart.task_pairs.origin IS 'System in which it began';
COMMENT ON COLUMN mart.task_pairs.state IS 'pending, linked, held, missing, released or tombstone';
COMMENT ON COLUMN mart.task_pairs.dirty IS 'Whether something is unfinished (G9)';
COMMENT ON COLUMN mart.task_pairs.dirty_since IS 'Since when';
COMMENT ON COLUMN mart.task_pairs.sc_id IS 'Sales Connect task';
COMMENT ON COLUMN mart.task_pairs.sf_id IS 'Salesforce task';
COMMENT ON COLUMN mart.task_pairs.sc_title IS 'Name in Sales Connect';
COMMENT ON COLUMN mart.task_pairs.sf_title IS 'Subject in Salesforce';
COMMENT ON COLUMN mart.task_pairs.sc_status IS 'Status in Sales Connect';
COMMENT ON COLUMN mart.task_pairs.sf_status IS 'Status in Salesforce';
COMMENT ON COLUMN mart.task_pairs.sc_priority IS 'Priority in Sales Connect';
COMMENT ON COLUMN mart.task_pairs.sf_priority IS 'Priority in Salesforce';
COMMENT ON COLUMN mart.task_pairs.sc_due_date IS 'Due date in Sales Connect';
COMMENT ON COLUMN mart.task_pairs.sf_due_date IS 'Due date in Salesforce';
COMMENT ON COLUMN mart.task_pairs.sc_details IS 'Details in Sales Connect';
COMMENT ON COLUMN mart.task_pairs.sf_details IS 'Comments in Salesforce';
COMMENT ON COLUMN mart.task_pairs.sc_owner IS 'Sales Connect user';
COMMENT ON COLUMN mart.task_pairs.sf_owner IS 'Salesforce user';
COMMENT ON COLUMN mart.task_pairs.owner_name IS 'Name of the Sales Connect user';
COMMENT ON COLUMN mart.task_pairs.sc_version IS 'Last seen version in Sales Connect';
COMMENT ON COLUMN mart.task_pairs.sf_version IS 'Last seen version in Salesforce';
COMMENT ON COLUMN mart.task_pairs.changed_at IS 'When values, ids or state last changed';
COMMENT ON COLUMN mart.task_pairs.changed_run_id IS 'Run that changed them';
