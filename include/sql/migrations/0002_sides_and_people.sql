-- Both systems, how far each was read, and their users.
CREATE TABLE bridge.side_identity ( -- One row is a system, with the org or account that the ledger was built from (G8).
    side text PRIMARY KEY CHECK (side IN ('sales_connect', 'salesforce')), -- sales_connect or salesforce
    identity text, -- Org id or account id
    ledger_started_at timestamptz, -- The side's clock at this ledger's first enabled run (S2)
    first_seen_at timestamptz NOT NULL DEFAULT now() -- When the row was stored
);

CREATE TABLE bridge.side_state ( -- One row is a system: active, or paused after refused credentials.
    side text PRIMARY KEY CHECK (side IN ('sales_connect', 'salesforce')), -- sales_connect or salesforce
    state text NOT NULL DEFAULT 'active' CHECK (state IN ('active', 'paused')), -- active or paused
    reason text, -- Why it is paused
    since timestamptz NOT NULL DEFAULT now(), -- Since when it is in this state
    next_attempt_at timestamptz, -- When a paused side is tried again
    resumed_by text, -- Who last asked for a login before its time (personal)
    lacking text[] NOT NULL DEFAULT '{}' -- Fields that the system does not have or show, and that TaskBridge does without, as Task.IsArchived
);
INSERT INTO bridge.side_state (side) VALUES ('sales_connect'), ('salesforce');

CREATE TABLE bridge.watermark ( -- One row is a system: up to where its changes have been read and settled.
    side text PRIMARY KEY CHECK (side IN ('sales_connect', 'salesforce')), -- sales_connect or salesforce
    position timestamptz NOT NULL, -- Everything before this stamp of the side's clock has been read and settled
    previous timestamptz, -- The position before, to which it can go back (G8)
    run_id bigint NOT NULL REFERENCES bridge.run, -- Run that moved it
    moved_at timestamptz NOT NULL DEFAULT now() -- When it was moved
);

CREATE TABLE bridge.contract ( -- One row is what a system last said of its tasks: whether rights, fields and picklists are as the sync needs them.
    side text PRIMARY KEY CHECK (side IN ('sales_connect', 'salesforce')), -- sales_connect or salesforce
    picklists jsonb NOT NULL, -- Active values of the picklists that are mapped, by field
    breaches text[] NOT NULL, -- What keeps the sync from writing, each with its remedy; empty when all is there
    settings_fingerprint text NOT NULL, -- Settings of the run that looked
    code_version text NOT NULL, -- Version of TaskBridge that looked
    run_id bigint NOT NULL REFERENCES bridge.run, -- Run that looked
    looked_at timestamptz NOT NULL DEFAULT now(), -- When
    conditional_updates boolean, -- Whether an update that names the last change of its record is refused when there was another since (If-Unmodified-Since); null while not known
    conditional_seen_at timestamptz -- When that was found out
);

CREATE TABLE bridge.session ( -- One row is a login that a run under way shares between its tasks; deleted when the run gives the lease back.
    run_key text NOT NULL, -- Run that logged in
    side text NOT NULL CHECK (side IN ('sales_connect', 'salesforce')), -- sales_connect or salesforce
    sealed text NOT NULL, -- Address and token, encrypted with the Fernet key of Airflow; useless without it
    kept_at timestamptz NOT NULL DEFAULT now(), -- When it was kept, or renewed last
    PRIMARY KEY (run_key, side)
);

CREATE TABLE bridge.user_map ( -- One row is a Sales Connect user and the Salesforce user it is matched with (S2).
    sc_user_id text PRIMARY KEY, -- Sales Connect user
    sf_user_id text, -- Salesforce user; null while unmapped
    email text, -- E-mail address by which the two were matched (personal)
    name text, -- Name in Sales Connect (personal)
    time_zone text, -- Time zone as Sales Connect tells it; bridge.zone_of tells how it is understood
    state text NOT NULL CHECK (state IN ('synced', 'off', 'unmapped', 'ambiguous', 'refused', 'inactive')), -- synced, off, unmapped, ambiguous, refused or inactive
    remedy text, -- What to do so that this user takes part; null when synced
    sync_on_since timestamptz, -- When the user's setting was last switched on, as Sales Connect tells
    mapped_at_sc timestamptz, -- Sales Connect's clock in the first run in which both users existed
    mapped_at_sf timestamptz, -- Salesforce's clock in that run
    switched_on_sc timestamptz, -- Effective switch-on by Sales Connect's clock (S2)
    switched_on_sf timestamptz, -- The same moment by Salesforce's clock
    first_sync text CHECK (first_sync IN ('owed', 'settled')), -- owed or settled (I1); null while never switched on
    seen_off boolean NOT NULL DEFAULT false, -- Whether the user's own switch was seen off since the user last took part (I5)
    unread_since_sc timestamptz, -- Since when tasks of this user were read and not taken in, by Sales Connect's clock; null when none are owed (S2)
    unread_since_sf timestamptz -- The same moment by Salesforce's clock
);
CREATE UNIQUE INDEX user_map_one_sc_user_per_sf_user ON bridge.user_map (sf_user_id) WHERE state IN ('synced', 'off');

CREATE TABLE bridge.api_usage ( -- One row is the calls of one kind that a run made to a system on a day (G7); for people mart.api_usage.
    run_id bigint REFERENCES bridge.run, -- Number of the run; empty for runs that could not be opened, for looks before a run, and for all that ended long ago
    day date NOT NULL DEFAULT CAST(now() AT TIME ZONE 'UTC' AS date), -- Day (UTC) on which the calls were counted
    side text NOT NULL CHECK (side IN ('sales_connect', 'salesforce')), -- sales_connect or salesforce
    kind text NOT NULL CHECK (kind IN ('login', 'query', 'look_up', 'write', 'bulk', 'describe', 'limits')), -- What they were for: login, query, look_up, write, bulk, describe or limits
    calls bigint NOT NULL DEFAULT 0, -- Requests that left, answered or not
    forecast bigint, -- How many the run expected by its end when it had planned; empty when it never did
    UNIQUE NULLS NOT DISTINCT (run_id, day, side, kind)
);
CREATE INDEX api_usage_day ON bridge.api_usage (day);

CREATE TABLE bridge.api_allowance ( -- One row is what a system last told a run of the calls that it still takes (G7).
    run_id bigint REFERENCES bridge.run, -- Number of the run; empty for one that could not be opened, and for looks before a run
    side text NOT NULL CHECK (side IN ('sales_connect', 'salesforce')), -- sales_connect or salesforce
    calls_left bigint NOT NULL, -- Calls left: of 24 hours in Salesforce, of the minute in Sales Connect
    allocation bigint, -- Calls that may be made in that time, where it is told
    told_at timestamptz NOT NULL, -- When, by the clock of the system
    kept_at timestamptz NOT NULL DEFAULT now(), -- When it was stored
    UNIQUE NULLS NOT DISTINCT (run_id, side)
);
CREATE INDEX api_allowance_kept ON bridge.api_allowance (side, kept_at);
