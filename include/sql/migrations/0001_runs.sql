-- Runs, the lease, and what is kept of each run. Behind a table or a column stands its comment, see store/comments.py.
CREATE SCHEMA IF NOT EXISTS bridge;
CREATE SCHEMA staging;
CREATE SCHEMA mart;
COMMENT ON SCHEMA bridge IS 'The ledger: runs, pairs with their base, actions, conflicts, errors.';
COMMENT ON SCHEMA staging IS 'What each run saw of the two systems.';
COMMENT ON SCHEMA mart IS 'Views for people.';
COMMENT ON TABLE bridge.schema_version IS 'The migration that this database has had last.';
COMMENT ON COLUMN bridge.schema_version.version_num IS 'Number of the migration';
CREATE DOMAIN bridge.person AS text NOT NULL CHECK (VALUE ~ '\S');
COMMENT ON DOMAIN bridge.person IS 'Who did something by hand. The role of a connection is shared, and says nothing of it.';

CREATE TABLE bridge.run ( -- One row is one sync run.
    run_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, -- Number of the run, growing
    run_key text NOT NULL UNIQUE, -- Unique name: DAG id, DAG run id and, behind an @, the Airflow installation (its Variable taskbridge_installation)
    mode text NOT NULL CHECK (mode IN ('scheduled', 'manual', 'backfill', 'approval', 'undo', 'restore', 'audit', 'rebase', 'rerender')), -- How it came about: scheduled, manual or backfill sync; the others do one thing that a person asked for
    dry_run boolean NOT NULL, -- Whether it only planned
    users text[] NOT NULL, -- Users it was asked for; empty means all
    asked jsonb NOT NULL DEFAULT '{}', -- What a deliberate run is about, such as the request or the run to undo
    asked_by text, -- Who asked for it, as Airflow names the person; null for a schedule (personal)
    window_start timestamptz, -- Start of a window that was asked for; null: from the watermarks
    window_end timestamptz, -- End (exclusive) of a window that was asked for
    fencing bigint NOT NULL, -- Number of the lease under which it writes
    sc_start timestamptz NOT NULL, -- Start of what is read of Sales Connect, by its clock
    sc_end timestamptz NOT NULL, -- End (exclusive) of what is read of Sales Connect, by its clock
    sf_start timestamptz NOT NULL, -- Start of what is read of Salesforce, by its clock
    sf_end timestamptz NOT NULL, -- End (exclusive) of what is read of Salesforce, by its clock
    sc_server_time timestamptz NOT NULL, -- Sales Connect's clock when the run began
    sf_server_time timestamptz NOT NULL, -- Salesforce's clock when the run began
    features text[] NOT NULL, -- Optional features that Sales Connect offered
    settings_fingerprint text NOT NULL, -- Digest of the settings in force
    settings jsonb NOT NULL DEFAULT '{}', -- The settings it was opened with, which it keeps to its end
    code_version text NOT NULL, -- Version of TaskBridge
    opened_at timestamptz NOT NULL DEFAULT now(), -- When it was opened
    settled_at timestamptz, -- When it was last settled
    closed_at timestamptz, -- When it ended; null while it is under way or was cut off
    outcome text CHECK (outcome IN ('clean', 'conflicts', 'partial', 'held', 'failed', 'skipped')), -- clean, conflicts, partial, held, failed or skipped (G6)
    summary text, -- The run in a sentence
    counts jsonb, -- What it saw and did, as counted when it ended (G5); outlives the staging
    sc_known integer NOT NULL DEFAULT 0, -- SC: rows of its listing that showed a record of a quiet pair as it was known, and were not staged (G5)
    sf_known integer NOT NULL DEFAULT 0, -- SF: rows of its listing that showed a record of a quiet pair as it was known, and were not staged (G5)
    notes text[] NOT NULL DEFAULT '{}' -- Sentences kept for the report
);
CREATE INDEX run_restore ON bridge.run (run_id) WHERE mode = 'restore';
-- Dry runs, whose sights count for nothing. None a run.
CREATE INDEX run_dry ON bridge.run (run_id) WHERE dry_run;
-- Runs of a time: mart.sync_runs. One entry a run.
CREATE INDEX run_opened ON bridge.run (opened_at);

CREATE TABLE bridge.lease ( -- The one row says which run may write (fencing).
    name text PRIMARY KEY CHECK (name = 'sync'), -- Always sync
    run_key text, -- Run that holds the lease, or null
    fencing bigint NOT NULL DEFAULT 0, -- Grows with every new holder; a write under an older number is refused
    expires_at timestamptz -- Until when it holds without being renewed
);
INSERT INTO bridge.lease (name) VALUES ('sync');

CREATE TABLE bridge.waiting_run ( -- One row is a run that waits for the lease; who has waited longest is next.
    run_key text PRIMARY KEY, -- The run that waits
    since timestamptz NOT NULL DEFAULT clock_timestamp(), -- When it first asked
    seen_at timestamptz NOT NULL DEFAULT clock_timestamp() -- When it last asked; one that has not for a minute is passed over
);

CREATE TABLE bridge.run_pair ( -- One row is a pair that a deliberate run is about; it reads and decides nothing else.
    run_id bigint NOT NULL REFERENCES bridge.run ON DELETE CASCADE, -- The run
    link_id text NOT NULL, -- The pair
    PRIMARY KEY (run_id, link_id)
);

CREATE TABLE bridge.left_out ( -- One row is something a person asked a run for and that it did not do, with the reason.
    left_out_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, -- Number of the row
    run_id bigint NOT NULL REFERENCES bridge.run, -- The run that was asked
    link_id text, -- The pair; null when the ledger does not know it
    side text CHECK (side IN ('sales_connect', 'salesforce')), -- The system that would have been written; null: the pair as a whole
    field text, -- The field; null: the record
    code text NOT NULL, -- Why, in one word
    reason text NOT NULL -- Why, with what was seen and what was expected
);
CREATE INDEX left_out_run ON bridge.left_out (run_id);

CREATE TABLE bridge.housekeeping ( -- One row: when what is older than it is kept was last removed, and up to which run. Settings run_retention_days and history_retention_days.
    name text PRIMARY KEY DEFAULT 'retention' CHECK (name = 'retention'), -- Always retention (personal)
    done_at timestamptz NOT NULL DEFAULT 'epoch', -- When a lot of runs was last looked at
    up_to bigint NOT NULL DEFAULT 0 -- The last run of that lot; the next one begins behind it. 0: from the oldest run
);
INSERT INTO bridge.housekeeping DEFAULT VALUES;
