ALTER TABLE bridge.run
    ADD COLUMN sc_known integer NOT NULL DEFAULT 0,
    ADD COLUMN sf_known integer NOT NULL DEFAULT 0;
COMMENT ON COLUMN bridge.run.sc_known IS
    'SC: rows of its listing that showed a record of a quiet pair as it was known, and were not staged (G5)';
COMMENT ON COLUMN bridge.run.sf_known IS
    'SF: rows of its listing that showed a record of a quiet pair as it was known, and were not staged (G5)';

CREATE INDEX dead_letter_open ON bridge.dead_letter (link_id) WHERE resolved_at IS NULL;

CREATE VIEW bridge.half AS
SELECT link_id, 'sales_connect' AS side, sc_id AS remote_id, sc_owner_now AS owner, sc_version AS version,
       sc_written_at AS written_at, state, dirty, look_again_at
FROM bridge.link
UNION ALL
SELECT link_id, 'salesforce', sf_id, sf_owner_now, sf_version, sf_written_at, state, dirty, look_again_at
FROM bridge.link;
COMMENT ON VIEW bridge.half IS 'One row is one side of a pair.';
COMMENT ON COLUMN bridge.half.link_id IS 'Name of the pair';
COMMENT ON COLUMN bridge.half.side IS 'System';
COMMENT ON COLUMN bridge.half.remote_id IS 'Its record there; null while it is to be created';
COMMENT ON COLUMN bridge.half.owner IS 'Who had the record when it was last seen';
COMMENT ON COLUMN bridge.half.version IS 'Stamp of the record when it was last seen';
COMMENT ON COLUMN bridge.half.written_at IS 'Time of our last write to it that no read has confirmed; else null';
COMMENT ON COLUMN bridge.half.state IS 'State of the pair';
COMMENT ON COLUMN bridge.half.dirty IS 'Whether anything in the pair is unfinished (G9)';
COMMENT ON COLUMN bridge.half.look_again_at IS 'When a pair that only waits is read again; null: in the next run';

CREATE VIEW staging.seen AS
SELECT run_id, 'sales_connect' AS side, remote_id, source, presence, version, owner, marker, problem_code
FROM staging.sales_connect_task
UNION ALL
SELECT run_id, 'salesforce', remote_id, source, presence, version, owner, marker, problem_code
FROM staging.salesforce_task;
COMMENT ON VIEW staging.seen IS 'One row is a staged record of either side, with what both have in common.';
COMMENT ON COLUMN staging.seen.run_id IS 'Run that saw it';
COMMENT ON COLUMN staging.seen.side IS 'System of the record';
COMMENT ON COLUMN staging.seen.remote_id IS 'Id of the record';
COMMENT ON COLUMN staging.seen.source IS 'How it was read';
COMMENT ON COLUMN staging.seen.presence IS 'live, deleted or absent';
COMMENT ON COLUMN staging.seen.version IS 'Stamp of that state';
COMMENT ON COLUMN staging.seen.owner IS 'User id of assignee or owner';
COMMENT ON COLUMN staging.seen.marker IS 'Marker that it carries (G2)';
COMMENT ON COLUMN staging.seen.problem_code IS 'Why it cannot be understood; else null';

-- A run's share of a table is all that a plan needs to know, and it is wanted in milliseconds.
ALTER TABLE staging.sales_connect_task ALTER COLUMN run_id SET STATISTICS 20;
ALTER TABLE staging.salesforce_task ALTER COLUMN run_id SET STATISTICS 20;
ALTER TABLE bridge.action ALTER COLUMN run_id SET STATISTICS 20;
ALTER TABLE bridge.ledger_change ALTER COLUMN run_id SET STATISTICS 20;
