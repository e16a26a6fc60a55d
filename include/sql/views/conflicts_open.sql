CREATE OR REPLACE VIEW mart.conflicts_open ( -- One row is a field of a pair that waits for a decision; both sides stay as they are. Decide in the DAG task_sync_decide.
    conflict_id, -- Number of the conflict
    link_id, -- Pair
    sc_id, -- Sales Connect task
    sf_id, -- Salesforce task
    title, -- Name of the task (personal)
    owner_name, -- Name of the assignee (personal)
    field, -- Field
    rule, -- Rule that holds it
    base_sc, -- What both agreed on before, as Sales Connect had it (personal)
    base_sf, -- What both agreed on before, as Salesforce had it (personal)
    value_sc, -- Value in Sales Connect (personal)
    value_sf, -- Value in Salesforce (personal)
    found_at, -- When it was found
    run_id, -- Run that found it
    decision -- What became of a decision, if there is one
) AS
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
