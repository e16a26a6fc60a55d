CREATE OR REPLACE VIEW mart.conflicts ( -- One row is a field, or a whole record, about which both sides differed: open ones, and past ones with what was overridden (K3, K4, K5, K6, T3).
    conflict_id, -- Number of the conflict; with it task_sync_restore brings back what was overridden
    link_id, -- Pair
    sc_id, -- Sales Connect task
    sf_id, -- Salesforce task
    title, -- Name of the task (personal)
    sc_user_id, -- Sales Connect user whose task it is
    owner_name, -- Name of that user (personal)
    field, -- Field; record for a delete against an edit
    rule, -- Rule that decided it, or that holds it
    state, -- open: waits for a person. settled: a rule decided. decided: a person did. gone: the sides agreed before anybody did
    winner, -- System whose value stands; null while open
    overridden, -- Value that gave way, in full; null while open (personal)
    value_sc, -- Value in Sales Connect (personal)
    value_sf, -- Value in Salesforce (personal)
    base_sc, -- What both agreed on before, as Sales Connect had it (personal)
    base_sf, -- What both agreed on before, as Salesforce had it (personal)
    found_at, -- When it was found
    decided_at, -- When a waiting one was decided or went away
    decided_by, -- Who decided, if a person did (personal)
    restored_at, -- When a person brought back what was overridden
    run_id -- Run that found it
) AS
SELECT
    c.conflict_id, c.link_id, l.sc_id, l.sf_id, l.sc_title AS title, l.sc_owner AS sc_user_id, u.name AS owner_name,
    c.field, c.rule,
    CASE
        WHEN d.decided_by IS NOT NULL THEN 'decided'
        WHEN c.winner IS NOT NULL THEN 'settled'
        WHEN c.decided_at IS NOT NULL THEN 'gone'
        ELSE 'open'
    END AS state,
    coalesce(c.winner, d.winner) AS winner,
    CASE coalesce(c.winner, d.winner) WHEN 'sales_connect' THEN c.value_sf WHEN 'salesforce' THEN c.value_sc END AS overridden,
    c.value_sc, c.value_sf, c.base_sc, c.base_sf, c.found_at, c.decided_at, d.decided_by, c.restored_at, c.run_id
FROM bridge.conflict c
JOIN bridge.link l USING (link_id)
LEFT JOIN bridge.user_map u ON u.sc_user_id = l.sc_owner
LEFT JOIN LATERAL (
    SELECT made.winner, made.decided_by
    FROM bridge.decision made
    WHERE made.conflict_id = c.conflict_id AND made.state = 'carried_out'
    ORDER BY made.decision_id DESC
    LIMIT 1
) d ON true
WHERE NOT c.dry_run;
