CREATE OR REPLACE VIEW mart.drift ( -- One row is something that the newest audit found not to be as the rules say.
    class, -- What was found, see mart.drift_by_class
    title, -- Name or Subject (personal)
    owner_name, -- User whose task it is, if mapped (personal)
    field, -- The field that differs
    value_sc, -- What Sales Connect holds; of the title, what the template makes of it (personal)
    value_sf, -- What Salesforce holds (personal)
    unexplained, -- No side changed the field since the pair was last in step, nor is it what skipped means in Salesforce (C4): a repair decides it as a conflict
    sc_id, -- Record in Sales Connect
    sf_id, -- Record in Salesforce
    link_id, -- Pair, if any
    run_id, -- The audit
    audited_at -- When it began
) AS
SELECT d.class, d.title, u.name AS owner_name, d.field, d.value_sc, d.value_sf, d.unexplained,
       d.sc_id, d.sf_id, d.link_id, d.run_id, r.opened_at AS audited_at
FROM bridge.drift d
JOIN bridge.run r USING (run_id)
LEFT JOIN bridge.user_map u USING (sc_user_id)
WHERE d.run_id = (SELECT max(run_id) FROM bridge.drift) AND d.class <> 'in_step';
