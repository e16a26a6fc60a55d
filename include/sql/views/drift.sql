-- Purpose: what the newest audit found, row by row
-- Parameters: none
-- Caller: people; made by store/migrate.py
CREATE OR REPLACE VIEW mart.drift AS
SELECT d.class, d.title, u.name AS owner_name, d.field, d.value_sc, d.value_sf, d.unexplained,
       d.sc_id, d.sf_id, d.link_id, d.run_id, r.opened_at AS audited_at
FROM bridge.drift d
JOIN bridge.run r USING (run_id)
LEFT JOIN bridge.user_map u USING (sc_user_id)
WHERE d.run_id = (SELECT max(run_id) FROM bridge.drift) AND d.class <> 'in_step';

COMMENT ON VIEW mart.drift IS 'One row is something that the newest audit found not to be as the rules say.';
COMMENT ON COLUMN mart.drift.class IS 'What was found, see mart.drift_by_class';
COMMENT ON COLUMN mart.drift.title IS 'Name or Subject';
COMMENT ON COLUMN mart.drift.owner_name IS 'User whose task it is, if mapped';
COMMENT ON COLUMN mart.drift.field IS 'The field that differs';
COMMENT ON COLUMN mart.drift.value_sc IS 'What Sales Connect holds; of the title, what the template makes of it';
COMMENT ON COLUMN mart.drift.value_sf IS 'What Salesforce holds';
COMMENT ON COLUMN mart.drift.unexplained IS 'No side changed the field since the pair was last in step, nor is it what skipped means in Salesforce (C4): a repair decides it as a conflict';
COMMENT ON COLUMN mart.drift.sc_id IS 'Record in Sales Connect';
COMMENT ON COLUMN mart.drift.sf_id IS 'Record in Salesforce';
COMMENT ON COLUMN mart.drift.link_id IS 'Pair, if any';
COMMENT ON COLUMN mart.drift.run_id IS 'The audit';
COMMENT ON COLUMN mart.drift.audited_at IS 'When it began';
