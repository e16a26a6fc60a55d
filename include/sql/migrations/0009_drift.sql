CREATE TABLE bridge.drift (
    drift_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    run_id bigint NOT NULL REFERENCES bridge.run ON DELETE CASCADE,
    class text NOT NULL CHECK (class IN (
        'in_step', 'differs', 'subject', 'one_deleted', 'both_deleted', 'missing', 'without_records', 'ended_but_live',
        'half', 'released', 'withheld', 'unreadable', 'only_in_sales_connect', 'only_in_salesforce',
        'marker_without_link', 'marker_doubled'
    )),
    tasks bigint NOT NULL,
    link_id text,
    sc_id text,
    sf_id text,
    sc_user_id text,
    title text,
    field text,
    value_sc text,
    value_sf text,
    unexplained boolean
);
CREATE INDEX drift_run ON bridge.drift (run_id, class);
COMMENT ON TABLE bridge.drift IS 'One row is something that an audit found not to be as the rules say; a pair that differs in two fields has two.';
COMMENT ON COLUMN bridge.drift.drift_id IS 'Key';
COMMENT ON COLUMN bridge.drift.run_id IS 'The audit';
COMMENT ON COLUMN bridge.drift.class IS 'What was found, see mart.drift_by_class; in_step is one row with their number';
COMMENT ON COLUMN bridge.drift.tasks IS 'Pairs or records that the row stands for: 1, or the number of those in step';
COMMENT ON COLUMN bridge.drift.link_id IS 'The pair, if any';
COMMENT ON COLUMN bridge.drift.sc_id IS 'Record in Sales Connect';
COMMENT ON COLUMN bridge.drift.sf_id IS 'Record in Salesforce';
COMMENT ON COLUMN bridge.drift.sc_user_id IS 'User whose task it is, if mapped';
COMMENT ON COLUMN bridge.drift.title IS 'Name or Subject';
COMMENT ON COLUMN bridge.drift.field IS 'The field that differs';
COMMENT ON COLUMN bridge.drift.value_sc IS 'What Sales Connect holds; of the title, what the template makes of it';
COMMENT ON COLUMN bridge.drift.value_sf IS 'What Salesforce holds';
COMMENT ON COLUMN bridge.drift.unexplained IS 'Of a difference: neither side changed the field since the pair was last in step, so no sync would see it';
