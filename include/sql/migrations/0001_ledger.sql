CREATE SCHEMA IF NOT EXISTS bridge;
CREATE SCHEMA staging;
CREATE SCHEMA mart;

CREATE TABLE bridge.run (
    run_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    run_key text NOT NULL UNIQUE,
    mode text NOT NULL CHECK (mode IN ('scheduled', 'manual', 'backfill')),
    dry_run boolean NOT NULL,
    users text[] NOT NULL,
    window_start timestamptz,
    window_end timestamptz,
    fencing bigint NOT NULL,
    sc_start timestamptz NOT NULL,
    sc_end timestamptz NOT NULL,
    sf_start timestamptz NOT NULL,
    sf_end timestamptz NOT NULL,
    sc_server_time timestamptz NOT NULL,
    sf_server_time timestamptz NOT NULL,
    features text[] NOT NULL,
    settings_fingerprint text NOT NULL,
    code_version text NOT NULL,
    opened_at timestamptz NOT NULL DEFAULT now(),
    settled_at timestamptz,
    closed_at timestamptz,
    outcome text CHECK (outcome IN ('clean', 'conflicts', 'partial', 'held', 'failed', 'skipped')),
    summary text,
    counts jsonb,
    notes text[] NOT NULL DEFAULT '{}'
);

CREATE TABLE bridge.lease (
    name text PRIMARY KEY CHECK (name = 'sync'),
    run_key text,
    fencing bigint NOT NULL DEFAULT 0,
    expires_at timestamptz
);
INSERT INTO bridge.lease (name) VALUES ('sync');

CREATE TABLE bridge.side_identity (
    side text PRIMARY KEY CHECK (side IN ('sales_connect', 'salesforce')),
    identity text,
    ledger_started_at timestamptz,
    first_seen_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE bridge.side_state (
    side text PRIMARY KEY CHECK (side IN ('sales_connect', 'salesforce')),
    state text NOT NULL DEFAULT 'active' CHECK (state IN ('active', 'paused')),
    reason text,
    since timestamptz NOT NULL DEFAULT now(),
    next_attempt_at timestamptz
);
INSERT INTO bridge.side_state (side) VALUES ('sales_connect'), ('salesforce');

CREATE TABLE bridge.watermark (
    side text PRIMARY KEY CHECK (side IN ('sales_connect', 'salesforce')),
    position timestamptz NOT NULL,
    previous timestamptz,
    run_id bigint NOT NULL REFERENCES bridge.run,
    moved_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE bridge.user_map (
    sc_user_id text PRIMARY KEY,
    sf_user_id text,
    email text,
    name text,
    time_zone text,
    state text NOT NULL CHECK (state IN ('synced', 'off', 'unmapped', 'ambiguous', 'refused', 'inactive')),
    remedy text,
    sync_on_since timestamptz,
    mapped_at_sc timestamptz,
    mapped_at_sf timestamptz,
    switched_on_sc timestamptz,
    switched_on_sf timestamptz,
    first_sync text CHECK (first_sync IN ('owed', 'settled'))
);
CREATE UNIQUE INDEX user_map_one_sc_user_per_sf_user ON bridge.user_map (sf_user_id) WHERE state IN ('synced', 'off');

CREATE TABLE staging.sales_connect_task (
    run_id bigint NOT NULL REFERENCES bridge.run ON DELETE CASCADE,
    remote_id text NOT NULL,
    presence text NOT NULL CHECK (presence IN ('live', 'deleted', 'absent')),
    version timestamptz,
    modified_at timestamptz,
    created_at timestamptz,
    title text,
    status text,
    priority text,
    due_date date,
    details text,
    owner text,
    marker text,
    person text,
    type text,
    campaign_name text,
    campaign_day text,
    campaign_step text,
    call_outcome text,
    call_reason text,
    delete_cause text,
    problem_code text,
    problem_message text,
    payload json,
    source text NOT NULL CHECK (source IN ('delta', 'deleted', 'first_sync', 'by_id', 'sweep')),
    staged_at timestamptz NOT NULL DEFAULT now(),
    link_id text,
    disposition text CHECK (disposition IN ('unchanged', 'planned', 'held', 'deferred', 'released', 'ignored', 'dead_letter')),
    rule text,
    PRIMARY KEY (run_id, remote_id)
);

CREATE TABLE staging.salesforce_task (
    run_id bigint NOT NULL REFERENCES bridge.run ON DELETE CASCADE,
    remote_id text NOT NULL,
    presence text NOT NULL CHECK (presence IN ('live', 'deleted', 'absent')),
    version timestamptz,
    modified_at timestamptz,
    created_at timestamptz,
    title text,
    status text,
    priority text,
    due_date date,
    details text,
    owner text,
    marker text,
    person text,
    subtype text,
    is_closed boolean,
    is_recurrence boolean,
    is_archived boolean,
    completed_at timestamptz,
    problem_code text,
    problem_message text,
    payload json,
    source text NOT NULL CHECK (source IN ('delta', 'deleted', 'first_sync', 'by_id', 'sweep')),
    staged_at timestamptz NOT NULL DEFAULT now(),
    link_id text,
    disposition text CHECK (disposition IN ('unchanged', 'planned', 'held', 'deferred', 'released', 'ignored', 'dead_letter')),
    rule text,
    PRIMARY KEY (run_id, remote_id)
);

CREATE TABLE bridge.link (
    link_id text PRIMARY KEY,
    origin text NOT NULL CHECK (origin IN ('sales_connect', 'salesforce')),
    generation integer NOT NULL DEFAULT 1,
    state text NOT NULL CHECK (state IN ('pending', 'linked', 'held', 'missing', 'released', 'tombstone')),
    dirty boolean NOT NULL DEFAULT false,
    dirty_since timestamptz,
    sc_id text UNIQUE,
    sf_id text UNIQUE,
    sc_version timestamptz,
    sf_version timestamptz,
    sc_modified_at timestamptz,
    sf_modified_at timestamptz,
    sc_written_at timestamptz,
    sf_written_at timestamptz,
    sc_changed_at timestamptz,
    sf_changed_at timestamptz,
    sc_checked_at timestamptz NOT NULL,
    sc_owner_now text,
    sf_owner_now text,
    sc_title text,
    sc_status text,
    sc_priority text,
    sc_due_date date,
    sc_details text,
    sc_owner text,
    sc_type text,
    sc_campaign_name text,
    sc_campaign_day text,
    sc_campaign_step text,
    sc_call_outcome text,
    sc_call_reason text,
    sf_title text,
    sf_status text,
    sf_priority text,
    sf_due_date date,
    sf_details text,
    sf_owner text,
    created_run_id bigint NOT NULL REFERENCES bridge.run,
    changed_run_id bigint NOT NULL REFERENCES bridge.run,
    created_at timestamptz NOT NULL DEFAULT now(),
    changed_at timestamptz NOT NULL DEFAULT now(),
    CHECK (sc_id IS NOT NULL OR sf_id IS NOT NULL)
) WITH (fillfactor = 80);
CREATE INDEX link_unfinished ON bridge.link (link_id)
    WHERE dirty OR state = 'pending' OR sc_written_at IS NOT NULL OR sf_written_at IS NOT NULL;
CREATE INDEX link_sc_owner ON bridge.link (sc_owner_now);
CREATE INDEX link_sf_owner ON bridge.link (sf_owner_now);
CREATE INDEX link_sc_checked ON bridge.link (sc_checked_at) WHERE state = 'linked';

CREATE TABLE bridge.action (
    action_id text PRIMARY KEY,
    run_id bigint NOT NULL REFERENCES bridge.run,
    seq integer NOT NULL,
    link_id text NOT NULL,
    side text NOT NULL CHECK (side IN ('sales_connect', 'salesforce')),
    op text NOT NULL CHECK (op IN ('create', 'update', 'delete')),
    remote_id text,
    marker text,
    state text NOT NULL CHECK (state IN ('planned', 'held', 'sent', 'done', 'stale', 'retry', 'dead', 'rejected')),
    rule text NOT NULL,
    kind text,
    sc_user_id text,
    first_import boolean NOT NULL DEFAULT false,
    mask integer NOT NULL,
    title text,
    status text,
    priority text,
    due_date date,
    details text,
    owner text,
    person text,
    seen_title text,
    seen_status text,
    seen_priority text,
    seen_due_date date,
    seen_details text,
    seen_owner text,
    planned_at timestamptz NOT NULL DEFAULT now(),
    sent_at timestamptz,
    answered_at timestamptz,
    written_at timestamptz,
    outcome text,
    code text,
    category text,
    message text,
    remedy text,
    UNIQUE (run_id, seq),
    CHECK (op <> 'create' OR marker IS NOT NULL),
    CHECK (op = 'create' OR remote_id IS NOT NULL)
);
CREATE INDEX action_open ON bridge.action (side, state) WHERE state IN ('planned', 'sent', 'held');
CREATE INDEX action_link ON bridge.action (link_id);
CREATE INDEX action_done ON bridge.action (answered_at) WHERE state = 'done';

CREATE TABLE bridge.ledger_change (
    change_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    run_id bigint NOT NULL REFERENCES bridge.run,
    link_id text NOT NULL REFERENCES bridge.link,
    seq integer,
    state text,
    sc_mask integer NOT NULL DEFAULT 0,
    inputs boolean NOT NULL DEFAULT false,
    sc_title text,
    sc_status text,
    sc_priority text,
    sc_due_date date,
    sc_details text,
    sc_owner text,
    sc_type text,
    sc_campaign_name text,
    sc_campaign_day text,
    sc_campaign_step text,
    sc_call_outcome text,
    sc_call_reason text,
    sf_mask integer NOT NULL DEFAULT 0,
    sf_title text,
    sf_status text,
    sf_priority text,
    sf_due_date date,
    sf_details text,
    sf_owner text,
    applied_at timestamptz
);
CREATE INDEX ledger_change_open ON bridge.ledger_change (run_id) WHERE applied_at IS NULL;

CREATE TABLE bridge.conflict (
    conflict_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    run_id bigint NOT NULL REFERENCES bridge.run,
    dry_run boolean NOT NULL DEFAULT false,
    link_id text NOT NULL,
    field text NOT NULL,
    rule text NOT NULL,
    winner text CHECK (winner IN ('sales_connect', 'salesforce')),
    base_sc text,
    base_sf text,
    value_sc text,
    value_sf text,
    found_at timestamptz NOT NULL DEFAULT now(),
    decided_at timestamptz,
    restored_at timestamptz
);
CREATE UNIQUE INDEX conflict_one_open_per_field ON bridge.conflict (link_id, field)
    WHERE winner IS NULL AND decided_at IS NULL AND NOT dry_run;

CREATE TABLE bridge.dead_letter (
    dead_letter_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    run_id bigint NOT NULL REFERENCES bridge.run,
    stage text NOT NULL CHECK (stage IN ('extract', 'decide', 'load')),
    side text NOT NULL CHECK (side IN ('sales_connect', 'salesforce')),
    remote_id text,
    link_id text REFERENCES bridge.link,
    action_id text REFERENCES bridge.action,
    code text NOT NULL,
    category text NOT NULL,
    message text NOT NULL,
    remedy text NOT NULL,
    payload json,
    attempts integer NOT NULL DEFAULT 1,
    first_seen_at timestamptz NOT NULL DEFAULT now(),
    last_seen_at timestamptz NOT NULL DEFAULT now(),
    next_try_at timestamptz,
    resolved_at timestamptz
);
CREATE UNIQUE INDEX dead_letter_open_record ON bridge.dead_letter (side, remote_id) WHERE resolved_at IS NULL AND stage = 'extract';
CREATE UNIQUE INDEX dead_letter_open_link ON bridge.dead_letter (side, link_id) WHERE resolved_at IS NULL AND stage = 'load';
