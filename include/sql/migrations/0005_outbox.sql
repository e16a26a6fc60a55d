-- What is written: asked for, sent, answered, kept, refused.
CREATE TABLE bridge.approval ( -- One row is a request to a person: effects of one kind that were held (G3, I4, C6). What it asks for never changes; of each kind one at most is unfinished.
    approval_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, -- Number of the request
    kind text NOT NULL CHECK (kind IN ('create', 'complete', 'owner', 'due_date', 'delete', 'subject', 'missing')), -- What is asked for; missing: deletes that follow from records that are not found, without proof (C5)
    state text NOT NULL DEFAULT 'open' CHECK (state IN ('open', 'answered', 'carried_out', 'obsolete')), -- open: waits for an answer. answered: to be carried out. carried_out: every row has its outcome. obsolete: every row went away before an answer
    run_id bigint NOT NULL REFERENCES bridge.run, -- Run that held it
    requested_at timestamptz NOT NULL DEFAULT now(), -- When that was
    dag_run_id text, -- The last run of task_sync_approval that was started for it
    asked integer NOT NULL DEFAULT 0, -- How many of them were started: more than one when one was deleted or failed, or the switch was off
    answer text CHECK (answer IN ('approved', 'rejected')), -- What the person said
    answered_by text, -- Who answered, as Airflow names the person (personal)
    answered_at timestamptz, -- When, by Airflow's clock
    answered_in text, -- Where: the DAG run whose question was answered. Airflow does not tell whether on its page or by its REST API
    carried_out_run_id bigint REFERENCES bridge.run, -- The run that finished carrying it out
    finished_at timestamptz, -- When it was carried out, or found obsolete
    CHECK ((answer IS NULL) = (state IN ('open', 'obsolete')))
);
CREATE UNIQUE INDEX approval_one_unfinished_per_kind ON bridge.approval (kind)
    WHERE state IN ('open', 'answered');

CREATE TABLE bridge.approval_row ( -- One row is one effect that a request asks for, exactly as it was held; it is carried out only if it is still the same.
    row_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, -- Number of the row
    approval_id bigint NOT NULL REFERENCES bridge.approval, -- The request
    link_id text NOT NULL, -- Pair
    side text NOT NULL CHECK (side IN ('sales_connect', 'salesforce')), -- System that would be written
    op text NOT NULL CHECK (op IN ('create', 'update', 'delete')), -- create, update or delete
    remote_id text, -- Record that would be written; null for a create
    marker text, -- Marker of the record to be created (G2)
    rule text NOT NULL, -- Rules that planned and held it, comma-separated
    doubt text CHECK (doubt IN ('too_old', 'undated', 'missing')), -- Why a delete waits however few there are, as in bridge.action; else null
    sc_user_id text, -- Whose task it is: Sales Connect user id
    mask integer NOT NULL, -- Fields to write, as bits: 1 title, 2 status, 4 priority, 8 due date, 16 details, 32 owner
    title text, -- Title to write (personal)
    status text, -- Status to write
    priority text, -- Priority to write
    due_date date, -- Due date to write
    details text, -- Details to write (personal)
    owner text, -- Owner to write, a user id of that system
    seen_title text, -- Title that the record held (personal)
    seen_status text, -- Status that the record held
    seen_priority text, -- Priority that the record held
    seen_due_date date, -- Due date that the record held
    seen_details text, -- Details that the record held (personal)
    seen_owner text, -- Owner that the record held
    wanted boolean NOT NULL DEFAULT true, -- Whether the last run that decided the pair still held it: exactly this of an open request, of which one without such a row is obsolete; whatever it became of a row that was left out
    run_id bigint REFERENCES bridge.run, -- The run that last tried to carry it out
    seq integer, -- The action of that run that writes it; null when nothing is written for it
    planned_end text CHECK (planned_end IN ('rejected', 'left_out')), -- How it ends when that run settles, where no action decides it
    outcome text CHECK (outcome IN ('done', 'rejected', 'left_out', 'refused')), -- done: written. rejected: let go as G3 says. left_out: it had moved. refused: by the system; see bridge.dead_letter. Null: not carried out yet
    reason text, -- Why it was left out or refused
    UNIQUE (approval_id, link_id, side)
);
CREATE INDEX approval_row_open ON bridge.approval_row (link_id) WHERE outcome IS NULL OR (outcome = 'left_out' AND wanted);
CREATE INDEX approval_row_run ON bridge.approval_row (run_id) WHERE run_id IS NOT NULL;

CREATE TABLE bridge.bulk_job ( -- Jobs that write many rows in the background (Bulk), written down before they get any. One without an end is looked at by every run until it has ended.
    job_id text PRIMARY KEY, -- Id of the job in its system
    run_id bigint NOT NULL REFERENCES bridge.run, -- Run that opened it
    side text NOT NULL CHECK (side IN ('sales_connect', 'salesforce')), -- System that it writes to: sales_connect or salesforce
    op text NOT NULL CHECK (op IN ('create', 'update', 'delete')), -- What it does with its rows: create, update or delete
    opened_at timestamptz NOT NULL DEFAULT clock_timestamp(), -- When it was opened
    ended_at timestamptz, -- When its end was seen and the outcomes of its rows were recorded; null until then
    failed boolean NOT NULL DEFAULT false, -- It ended before it came to all of its rows; for an hour after that ordinary calls do the work
    message text -- Why it failed, as the system says (personal)
);
CREATE INDEX bulk_job_open ON bridge.bulk_job (side) WHERE ended_at IS NULL;
CREATE INDEX bulk_job_ended ON bridge.bulk_job (side, ended_at DESC);
CREATE INDEX bulk_job_run ON bridge.bulk_job (run_id);

CREATE TABLE bridge.action ( -- One row is one intended remote effect and its outcome.
    action_id text PRIMARY KEY, -- Run and seq: the same plan gives the same id
    run_id bigint NOT NULL REFERENCES bridge.run, -- Run that planned it
    seq integer NOT NULL, -- Position in the plan, from 0
    link_id text NOT NULL, -- Pair that it is for; of a dry run perhaps one that was never stored
    side text NOT NULL CHECK (side IN ('sales_connect', 'salesforce')), -- System that is written
    op text NOT NULL CHECK (op IN ('create', 'update', 'delete')), -- create, update or delete
    remote_id text, -- Record that is written; of a create, once it is done
    marker text, -- What a created record carries, so that it can be found again (G2)
    state text NOT NULL CHECK (state IN ('planned', 'held', 'sent', 'done', 'stale', 'retry', 'dead', 'rejected')), -- planned, held, sent, done, stale, retry, dead or rejected
    asks text CHECK (asks IN ('create', 'complete', 'owner', 'due_date', 'delete', 'subject', 'missing')), -- The kind of request that it waits for; null when it is not held, or no approval can release it
    approval_id bigint REFERENCES bridge.approval, -- The request that it waits for, or that released it
    job_id text REFERENCES bridge.bulk_job, -- Job that carries it out (bridge.bulk_job); null for a row of an ordinary call
    rule text NOT NULL, -- Rules that led to it, comma-separated; for people, nothing is decided by it
    doubt text CHECK (doubt IN ('too_old', 'undated', 'missing')), -- Why a delete waits however few there are: too_old (I4), undated (C6), missing (not found, without proof: C5, C6); else null
    contested boolean, -- Of an update: whether it settles a field that both sides changed (K3); else null
    kind text, -- What it counts as for the limits (G3), comma-separated; what a person approved counts for nothing
    sc_user_id text, -- User whose task it is
    first_import boolean NOT NULL DEFAULT false, -- Whether it belongs to a user's first sync, which the limits do not count
    mask integer NOT NULL, -- Bits of the fields that are written: title 1, status 2, priority 4, due date 8, details 16, owner 32
    title text, -- Value to write: title; of no meaning outside the mask (personal)
    status text, -- Value to write: status; of no meaning outside the mask
    priority text, -- Value to write: priority; of no meaning outside the mask
    due_date date, -- Value to write: due_date; of no meaning outside the mask
    details text, -- Value to write: details; of no meaning outside the mask (personal)
    owner text, -- Value to write: owner; of no meaning outside the mask
    person text, -- Creates only: Salesforce id of the contact or lead (personal)
    seen_title text, -- What the record held when this was decided: title (K5) (personal)
    seen_status text, -- What the record held when this was decided: status (K5)
    seen_priority text, -- What the record held when this was decided: priority (K5)
    seen_due_date date, -- What the record held when this was decided: due_date (K5)
    seen_details text, -- What the record held when this was decided: details (K5) (personal)
    seen_owner text, -- What the record held when this was decided: owner (K5)
    planned_at timestamptz NOT NULL DEFAULT now(), -- When it was planned
    waiting_since timestamptz, -- When the change to this record was first planned, of one that an earlier run left to a later one (G7)
    carried_to bigint REFERENCES bridge.run, -- Run that decided the pair anew before this was written
    sent_at timestamptz, -- When the intent was written down, just before the call
    answered_at timestamptz, -- When its outcome was stored
    written_at timestamptz, -- The server's time of the write, reckoned where it was not told
    outcome text, -- What the side answered: done, gone, exists, retry, unknown or rejected
    code text, -- Error code of the vendor, or ours
    category text, -- intermittent, authentication, access, validation or other
    message text, -- What the system said (personal)
    remedy text, -- What helps
    CHECK (op <> 'create' OR marker IS NOT NULL),
    CHECK (op = 'create' OR remote_id IS NOT NULL),
    UNIQUE (run_id, seq)
);
CREATE INDEX action_open ON bridge.action (side, state) WHERE state IN ('planned', 'sent', 'held', 'retry');
-- Creates that were taken for lost. Next to none.
CREATE INDEX action_lost ON bridge.action (side, marker) WHERE state = 'retry' AND code = 'NOT_CREATED';
-- The state is a part of it, so that a pair with nothing open is told by the index alone.
CREATE INDEX action_link ON bridge.action (link_id, state);
CREATE INDEX action_approval ON bridge.action (approval_id) WHERE approval_id IS NOT NULL;
CREATE INDEX action_job ON bridge.action (job_id) WHERE job_id IS NOT NULL;
CREATE INDEX action_carried ON bridge.action (carried_to) WHERE carried_to IS NOT NULL;
-- What was written in a time: mart.change_log. One entry a write.
CREATE INDEX action_written ON bridge.action (coalesce(written_at, answered_at)) WHERE state = 'done';
-- The pair of a record that it no longer has: bridge.pair_of. One entry a write; one a delete.
CREATE INDEX action_record ON bridge.action (remote_id) WHERE state = 'done';
-- Exactly what the limits ask for in a run that decides something: writes of a day that count.
CREATE INDEX action_counted ON bridge.action (answered_at) INCLUDE (kind, sc_user_id)
    WHERE state = 'done' AND NOT first_import AND kind IS NOT NULL;
-- Nothing is known of the state: a plan made while all of a large run waits would read all actions for as long as it lives.
ALTER TABLE bridge.action
    ALTER COLUMN run_id SET STATISTICS 20,
    ALTER COLUMN link_id SET STATISTICS 20,
    ALTER COLUMN state SET STATISTICS 0;

CREATE TABLE bridge.kept ( -- One row is a record that TaskBridge removed, or that it creates anew under another id, as it was before: everything that the side told of it (K5). Kept for history_retention_days. The record went away only if its action is done.
    kept_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, -- Number of the row
    run_id bigint NOT NULL REFERENCES bridge.run, -- Run that did it
    action_id text NOT NULL UNIQUE REFERENCES bridge.action ON DELETE CASCADE, -- The delete, or the create that makes the record anew
    link_id text NOT NULL, -- Pair
    reason text NOT NULL CHECK (reason IN ('deleted', 'recreated')), -- deleted: by a delete of ours, read just before it. recreated: it was deleted already and is created again (K4, C7); values as last known
    side text NOT NULL CHECK (side IN ('sales_connect', 'salesforce')), -- System that the record was in
    remote_id text NOT NULL, -- Id that the record had there
    version timestamptz, -- Stamp of this state
    modified_at timestamptz, -- Stamp of the last edit by a user
    created_at timestamptz, -- When it was created; null when recreated and not told
    title text, -- Name in Sales Connect, Subject in Salesforce (personal)
    status text, -- Status in the words of the system
    priority text, -- Priority in the words of the system
    due_date date, -- Due date
    details text, -- Details or comments (personal)
    owner text, -- User id of assignee or owner
    marker text, -- Marker that the record carried, if TaskBridge had created it (G2)
    person text, -- Salesforce id of the contact or lead, as far as told (personal)
    type text, -- Kind of activity (Sales Connect)
    campaign_name text, -- Sales campaign (Sales Connect)
    campaign_day text, -- Day in the campaign (Sales Connect)
    campaign_step text, -- Step in the campaign (Sales Connect)
    call_outcome text, -- Call outcome (Sales Connect)
    call_reason text, -- Call reason (Sales Connect)
    subtype text, -- TaskSubtype (Salesforce)
    is_closed boolean, -- Whether it was closed (Salesforce)
    is_recurrence boolean, -- Whether it was the master of a series (Salesforce)
    is_archived boolean, -- Whether it was archived (Salesforce)
    completed_at timestamptz, -- When it was completed (Salesforce)
    payload json, -- The record as it came, JSON; null when recreated and not told (personal)
    kept_at timestamptz NOT NULL DEFAULT now() -- When the row was written
);
CREATE INDEX kept_link ON bridge.kept (link_id);
CREATE INDEX kept_record ON bridge.kept (remote_id);
CREATE INDEX kept_run ON bridge.kept (run_id);

CREATE TABLE bridge.dead_letter ( -- One row is a record or a write that cannot be processed now (G4).
    dead_letter_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, -- Number of the row
    run_id bigint NOT NULL REFERENCES bridge.run, -- Run that met it first
    stage text NOT NULL CHECK (stage IN ('extract', 'decide', 'load')), -- extract: a record cannot be understood; decide; load: a write was rejected
    side text NOT NULL CHECK (side IN ('sales_connect', 'salesforce')), -- System that the record is in, or that rejected the write
    remote_id text, -- Record, as far as it has an id
    link_id text REFERENCES bridge.link, -- Pair, if any
    action_id text REFERENCES bridge.action, -- Rejected action
    code text NOT NULL, -- Error code of the vendor, or ours
    category text NOT NULL, -- intermittent, authentication, access, validation, data or other
    message text NOT NULL, -- What is wrong (personal)
    remedy text NOT NULL, -- What helps, and who must act
    payload json, -- The record as it came (personal)
    attempts integer NOT NULL DEFAULT 1, -- How often it was met
    first_seen_at timestamptz NOT NULL DEFAULT now(), -- When it was met first
    last_seen_at timestamptz NOT NULL DEFAULT now(), -- When it was met last
    next_try_at timestamptz, -- Until then the pair rests, unless one of its records changes
    resolved_at timestamptz -- When it was over; null while open
);
CREATE UNIQUE INDEX dead_letter_open_record ON bridge.dead_letter (side, remote_id) WHERE resolved_at IS NULL AND stage = 'extract';
CREATE UNIQUE INDEX dead_letter_open_link ON bridge.dead_letter (side, link_id) WHERE resolved_at IS NULL AND stage = 'load';
CREATE INDEX dead_letter_open ON bridge.dead_letter (link_id) WHERE resolved_at IS NULL;
CREATE INDEX dead_letter_run ON bridge.dead_letter (run_id);
CREATE INDEX dead_letter_action ON bridge.dead_letter (action_id) WHERE action_id IS NOT NULL;

CREATE FUNCTION bridge.percentile(numbers real[], share double precision)
RETURNS real
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN (SELECT percentile_cont(share) WITHIN GROUP (ORDER BY number) FROM unnest(numbers) number);
COMMENT ON FUNCTION bridge.percentile IS 'The number that this share of the numbers, from 0 to 1, does not exceed.';

CREATE TABLE bridge.freshness ( -- One row is an hour of changes that crossed to one system for one user, with how long each took. Kept for history_retention_days.
    hour timestamptz NOT NULL, -- Hour (UTC) in which they were written
    side text NOT NULL CHECK (side IN ('sales_connect', 'salesforce')), -- System that they crossed to
    sc_user_id text NOT NULL, -- User whose tasks they are; empty for nobody
    seconds real[] NOT NULL, -- From each change on the other side to its write here
    p50 real NOT NULL GENERATED ALWAYS AS (bridge.percentile(seconds, 0.5)) STORED, -- Half of them took at most so many seconds
    p95 real NOT NULL GENERATED ALWAYS AS (bridge.percentile(seconds, 0.95)) STORED, -- 95 % of them took at most so many seconds
    longest real NOT NULL GENERATED ALWAYS AS (bridge.percentile(seconds, 1)) STORED, -- Seconds of the slowest
    PRIMARY KEY (sc_user_id, hour, side)
);
CREATE INDEX freshness_hour ON bridge.freshness (hour);
