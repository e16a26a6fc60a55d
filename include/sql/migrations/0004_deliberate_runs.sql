ALTER TABLE bridge.run
    DROP CONSTRAINT run_mode_check,
    ADD CONSTRAINT run_mode_check CHECK (
        mode IN ('scheduled', 'manual', 'backfill', 'approval', 'undo', 'restore', 'audit', 'rebase', 'rerender')
    ),
    ADD COLUMN asked jsonb NOT NULL DEFAULT '{}',
    ADD COLUMN asked_by text;
COMMENT ON COLUMN bridge.run.mode IS
    'How it came about: scheduled, manual or backfill sync; the others do one thing that a person asked for';
COMMENT ON COLUMN bridge.run.asked IS 'What a deliberate run is about, such as the request or the run to undo';
COMMENT ON COLUMN bridge.run.asked_by IS 'Who asked for it, as Airflow names the person; null for a schedule';

CREATE TABLE bridge.run_pair (
    run_id bigint NOT NULL REFERENCES bridge.run ON DELETE CASCADE,
    link_id text NOT NULL,
    PRIMARY KEY (run_id, link_id)
);
COMMENT ON TABLE bridge.run_pair IS 'One row is a pair that a deliberate run is about; it reads and decides nothing else.';
COMMENT ON COLUMN bridge.run_pair.run_id IS 'The run';
COMMENT ON COLUMN bridge.run_pair.link_id IS 'The pair';

CREATE TABLE bridge.left_out (
    left_out_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    run_id bigint NOT NULL REFERENCES bridge.run,
    link_id text,
    side text CHECK (side IN ('sales_connect', 'salesforce')),
    field text,
    code text NOT NULL,
    reason text NOT NULL
);
CREATE INDEX left_out_run ON bridge.left_out (run_id);
COMMENT ON TABLE bridge.left_out IS 'One row is something a person asked a run for and that it did not do, with the reason.';
COMMENT ON COLUMN bridge.left_out.left_out_id IS 'Number of the row';
COMMENT ON COLUMN bridge.left_out.run_id IS 'The run that was asked';
COMMENT ON COLUMN bridge.left_out.link_id IS 'The pair; null when the ledger does not know it';
COMMENT ON COLUMN bridge.left_out.side IS 'The system that would have been written; null: the pair as a whole';
COMMENT ON COLUMN bridge.left_out.field IS 'The field; null: the record';
COMMENT ON COLUMN bridge.left_out.code IS 'Why, in one word';
COMMENT ON COLUMN bridge.left_out.reason IS 'Why, with what was seen and what was expected';

ALTER TABLE bridge.link ADD COLUMN withheld text CHECK (withheld IN ('rejected', 'undone'));
COMMENT ON COLUMN bridge.link.withheld IS
    'Why a person keeps this pair out: a held effect was rejected (G3), or a run was undone; else null';

CREATE FUNCTION bridge.is_deliberate(run bigint) RETURNS boolean
LANGUAGE sql STABLE
RETURN (SELECT r.mode NOT IN ('scheduled', 'manual', 'backfill') FROM bridge.run r WHERE r.run_id = run);
COMMENT ON FUNCTION bridge.is_deliberate IS
    'Whether a run does one thing that a person asked for; it reads the pairs in bridge.run_pair and no others.';

CREATE OR REPLACE FUNCTION bridge.pairs_to_read(run bigint) RETURNS TABLE (link_id text)
LANGUAGE sql STABLE
BEGIN ATOMIC
    WITH staged AS (
        SELECT l.link_id, l.state, s.version > l.sc_version AS moved
        FROM staging.sales_connect_task s
        JOIN bridge.link l ON l.sc_id = s.remote_id
        WHERE s.run_id = run
        UNION ALL
        SELECT l.link_id, l.state, s.version > l.sf_version
        FROM staging.salesforce_task s
        JOIN bridge.link l ON l.sf_id = s.remote_id
        WHERE s.run_id = run
    )
    SELECT l.link_id
    FROM bridge.link l
    WHERE (l.dirty OR l.state = 'pending')
      AND NOT bridge.is_deliberate(run)
      AND NOT EXISTS (
        SELECT FROM bridge.dead_letter d
        WHERE d.link_id = l.link_id AND d.stage = 'load' AND d.resolved_at IS NULL AND d.next_try_at > now()
      )
    UNION
    SELECT staged.link_id
    FROM staged
    JOIN bridge.link l USING (link_id)
    WHERE (staged.state IN ('released', 'missing', 'held') OR (staged.moved AND (l.dirty OR l.state = 'pending')))
      AND NOT bridge.is_deliberate(run)
    UNION
    SELECT p.link_id FROM bridge.run_pair p WHERE p.run_id = run;
END;
COMMENT ON FUNCTION bridge.pairs_to_read IS
    'Pairs whose records a run must read by id on both sides before it decides (G9): unfinished ones that are not parked, parked ones that moved, and released, missing or held ones that show up; of a deliberate run the pairs it is about.';
