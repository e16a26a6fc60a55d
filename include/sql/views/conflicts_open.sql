-- Purpose: fields that wait for a decision, contested (K3) or going to and fro (K6)
-- Parameters: none
-- Caller: people; made by store/migrate.py
CREATE OR REPLACE VIEW mart.conflicts_open AS
SELECT
    c.conflict_id, c.link_id, l.sc_id, l.sf_id, l.sc_title AS title, u.name AS owner_name,
    c.field, c.rule, c.base_sc, c.base_sf, c.value_sc, c.value_sf, c.found_at, c.run_id,
    CASE d.state
        WHEN 'open' THEN d.winner || ' is right, says ' || d.decided_by || '; the next run carries it out'
        WHEN 'outdated' THEN 'outdated: a side changed the field after ' || d.decided_by || ' had decided; decide again'
    END AS decision
FROM bridge.conflict c
JOIN bridge.link l USING (link_id)
LEFT JOIN bridge.user_map u ON u.sc_user_id = l.sc_owner
LEFT JOIN LATERAL (
    SELECT made.state, made.winner, made.decided_by
    FROM bridge.decision made
    WHERE made.conflict_id = c.conflict_id
    ORDER BY made.decision_id DESC
    LIMIT 1
) d ON true
WHERE c.winner IS NULL AND c.decided_at IS NULL AND NOT c.dry_run;

COMMENT ON VIEW mart.conflicts_open IS 'One row is a field of a pair that waits for a decision; both sides stay as they are. Decide in the DAG task_sync_decide.';
COMMENT ON COLUMN mart.conflicts_open.conflict_id IS 'Number of the conflict';
COMMENT ON COLUMN mart.conflicts_open.link_id IS 'Pair';
COMMENT ON COLUMN mart.conflicts_open.sc_id IS 'Sales Connect task';
COMMENT ON COLUMN mart.conflicts_open.sf_id IS 'Salesforce task';
COMMENT ON COLUMN mart.conflicts_open.title IS 'Name of the task';
COMMENT ON COLUMN mart.conflicts_open.owner_name IS 'Name of the assignee';
COMMENT ON COLUMN mart.conflicts_open.field IS 'Field';
COMMENT ON COLUMN mart.conflicts_open.rule IS 'Rule that holds it';
COMMENT ON COLUMN mart.conflicts_open.base_sc IS 'What both agreed on before, as Sales Connect had it';
COMMENT ON COLUMN mart.conflicts_open.base_sf IS 'What both agreed on before, as Salesforce had it';
COMMENT ON COLUMN mart.conflicts_open.value_sc IS 'Value in Sales Connect';
COMMENT ON COLUMN mart.conflicts_open.value_sf IS 'Value in Salesforce';
COMMENT ON COLUMN mart.conflicts_open.found_at IS 'When it was found';
COMMENT ON COLUMN mart.conflicts_open.run_id IS 'Run that found it';
COMMENT ON COLUMN mart.conflicts_open.decision IS 'What became of a decision, if there is one';
