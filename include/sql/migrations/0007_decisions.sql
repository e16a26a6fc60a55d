CREATE TABLE bridge.decision (
    decision_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    conflict_id bigint NOT NULL,
    link_id text NOT NULL,
    field text NOT NULL,
    winner text NOT NULL CHECK (winner IN ('sales_connect', 'salesforce')),
    value_sc text,
    value_sf text,
    decided_by text NOT NULL,
    decided_at timestamptz NOT NULL DEFAULT now(),
    state text NOT NULL DEFAULT 'open' CHECK (state IN ('open', 'carried_out', 'outdated', 'unneeded', 'replaced')),
    run_id bigint REFERENCES bridge.run,
    closed_at timestamptz
);
CREATE UNIQUE INDEX decision_one_open_per_field ON bridge.decision (link_id, field) WHERE state = 'open';
COMMENT ON TABLE bridge.decision IS
    'One row is what a person decided about a field that is held, contested (K3) or going to and fro (K6). It is about two values: when either moves before a run carries it out, it is outdated.';
COMMENT ON COLUMN bridge.decision.decision_id IS 'Number of the decision';
COMMENT ON COLUMN bridge.decision.conflict_id IS 'Conflict that was decided, as in bridge.conflict';
COMMENT ON COLUMN bridge.decision.link_id IS 'Pair';
COMMENT ON COLUMN bridge.decision.field IS 'Field';
COMMENT ON COLUMN bridge.decision.winner IS 'System whose value is to be in both';
COMMENT ON COLUMN bridge.decision.value_sc IS 'Value in Sales Connect that was decided upon; dates as ISO text';
COMMENT ON COLUMN bridge.decision.value_sf IS 'Value in Salesforce that was decided upon; dates as ISO text';
COMMENT ON COLUMN bridge.decision.decided_by IS 'Who decided, as Airflow names the person';
COMMENT ON COLUMN bridge.decision.decided_at IS 'When';
COMMENT ON COLUMN bridge.decision.state IS
    'open: the next run carries it out. carried_out: it was. outdated: a value moved before. unneeded: the field was no longer held. replaced: decided again';
COMMENT ON COLUMN bridge.decision.run_id IS 'Run that planned it, or that found it outdated or unneeded';
COMMENT ON COLUMN bridge.decision.closed_at IS 'When it stopped being open';

COMMENT ON COLUMN bridge.conflict.rule IS 'K3, T3 for a Subject typed in Salesforce, K4 for a delete against an edit, K6 for a field that went to and fro';
COMMENT ON COLUMN bridge.conflict.winner IS 'System whose value stands; null while it waits for a decision';
