-- What each run saw.
-- Large cycles are cut into parts by the key of the pair, so that both records of a pair are in the same one.
CREATE FUNCTION staging.bucket(key text) RETURNS smallint LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN (hashtextextended(key, 0) & 1023)::smallint;

CREATE TABLE staging.sales_connect_task ( -- One row is a Sales Connect task as a run saw it.
    run_id bigint NOT NULL REFERENCES bridge.run ON DELETE CASCADE, -- Run that saw it
    remote_id text NOT NULL, -- Id of the record in its system
    presence text NOT NULL CHECK (presence IN ('live', 'deleted', 'absent')), -- live, deleted (proved) or absent (no proof, C5)
    version timestamptz, -- Stamp of the last change, or of the delete
    modified_at timestamptz, -- Stamp of the last edit by a user
    created_at timestamptz, -- When the record was created
    title text, -- Name in SC, Subject in SF (personal)
    status text, -- Status in the words of the system
    priority text, -- Priority in the words of the system
    due_date date, -- Due date, a calendar date without a time zone
    details text, -- Details in SC, Description (Comments) in SF (personal)
    owner text, -- User id of assignee or owner
    marker text, -- What TaskBridge wrote on a record that it created (G2)
    person text, -- Salesforce id of the contact or lead (personal)
    type text, -- Kind of task: Email, Call, InMail or Custom
    campaign_name text, -- Sales campaign that the task belongs to
    campaign_day text, -- Day of the campaign
    campaign_step text, -- Step of the campaign
    call_outcome text, -- Outcome of a call
    call_reason text, -- Reason of a call
    delete_cause text, -- user_deleted when the task went together with its user (C5)
    problem_code text, -- Why the record cannot be understood; its values are then null
    problem_message text, -- The same in words (personal)
    payload json, -- The record as it came (personal)
    source text NOT NULL CHECK (source IN ('delta', 'deleted', 'first_sync', 'by_id', 'sweep')), -- How it was read: delta, deleted, first_sync, by_id or sweep
    staged_at timestamptz NOT NULL DEFAULT now(), -- When it was stored
    bucket smallint NOT NULL, -- 0 to 1023, by the key of its pair, or its own where it has none: large cycles are cut along it
    link_id text, -- Pair that it was decided with
    disposition text CHECK (disposition IN ('unchanged', 'planned', 'held', 'waiting', 'deferred', 'released', 'ignored', 'dead_letter')), -- Where it ended: unchanged, planned, held (for a person), waiting (nothing can be decided), deferred, released, ignored or dead_letter (G5)
    rule text, -- Rules that led there, comma-separated
    PRIMARY KEY (run_id, remote_id)
);

CREATE TABLE staging.salesforce_task ( -- One row is a Salesforce task as a run saw it.
    run_id bigint NOT NULL REFERENCES bridge.run ON DELETE CASCADE, -- Run that saw it
    remote_id text NOT NULL, -- Id of the record in its system
    presence text NOT NULL CHECK (presence IN ('live', 'deleted', 'absent')), -- live, deleted (proved) or absent (no proof, C5)
    version timestamptz, -- Stamp of the last change, or of the delete
    modified_at timestamptz, -- Stamp of the last edit by a user
    created_at timestamptz, -- When the record was created
    title text, -- Name in SC, Subject in SF (personal)
    status text, -- Status in the words of the system
    priority text, -- Priority in the words of the system
    due_date date, -- Due date, a calendar date without a time zone
    details text, -- Details in SC, Description (Comments) in SF (personal)
    owner text, -- User id of assignee or owner
    marker text, -- Marker of the record that it is a copy of, if TaskBridge created it (G2); "tb:" alone in an org without the marker field
    person text, -- Salesforce id of the contact or lead; null also where WhoId cannot be used, then nobody is told whom a task is about (personal)
    subtype text, -- TaskSubtype; anything but Task is a logged activity (C2). Null where the org does not show it: then every task counts as a reminder
    is_closed boolean, -- Whether the org counts the status as closed
    is_recurrence boolean, -- Whether it is the master of a series (C2)
    is_archived boolean, -- Whether Salesforce has archived it; null where the org does not show it
    completed_at timestamptz, -- CompletedDateTime; null also where the org does not show it: then tasks that were completed when they were made take part (C2)
    problem_code text, -- Why the record cannot be understood; its values are then null
    problem_message text, -- The same in words (personal)
    payload json, -- The record as it came (personal)
    source text NOT NULL CHECK (source IN ('delta', 'deleted', 'first_sync', 'by_id', 'sweep')), -- How it was read: delta, deleted, first_sync, by_id or sweep
    staged_at timestamptz NOT NULL DEFAULT now(), -- When it was stored
    bucket smallint NOT NULL, -- 0 to 1023, by the key of its pair, or its own where it has none: large cycles are cut along it
    link_id text, -- Pair that it was decided with
    disposition text CHECK (disposition IN ('unchanged', 'planned', 'held', 'waiting', 'deferred', 'released', 'ignored', 'dead_letter')), -- Where it ended: unchanged, planned, held (for a person), waiting (nothing can be decided), deferred, released, ignored or dead_letter (G5)
    rule text, -- Rules that led there, comma-separated
    PRIMARY KEY (run_id, remote_id)
);
CREATE UNLOGGED TABLE staging.planned_part ( -- One row is a part of a large plan that a task of its own has planned, until the plan is stored.
    run_id bigint NOT NULL REFERENCES bridge.run ON DELETE CASCADE, -- Run that it is for
    low smallint NOT NULL, -- First bucket of the part
    high smallint NOT NULL, -- Last bucket of the part
    fits text NOT NULL, -- Digest of what it was made from: it is used only where that is the same
    content bytea NOT NULL, -- The plan of the part and what it shows of each side, as Arrow streams (personal)
    PRIMARY KEY (run_id, low)
);

CREATE TABLE staging.first_sync ( -- One row is a user whose tasks a run read for a first sync, which it may settle (I1).
    run_id bigint NOT NULL REFERENCES bridge.run ON DELETE CASCADE, -- Run whose turn it was in
    sf_user_id text NOT NULL, -- Salesforce user
    PRIMARY KEY (sf_user_id, run_id)
);

-- both:
-- The last sight of a record: mart.latest_staged, not_synced and tasks_current. One entry a staged row.
CREATE INDEX {side}_task_record ON staging.{side}_task (remote_id, run_id);
-- The rows of a part. The run comes second: an index that began with it would be taken for a look-up by id, while nothing
-- is known of a run that has just begun.
CREATE INDEX {side}_task_part ON staging.{side}_task (bucket, run_id);
-- What mart.not_synced starts from, with all that it tells, as far as a row of an index may be that long: titles have 255
-- characters in both systems. One entry a row that was left aside, few of those that runs read.
CREATE INDEX {side}_task_aside ON staging.{side}_task (remote_id, run_id) INCLUDE (presence, title, owner, link_id, disposition, rule)
    WHERE disposition IN ('ignored', 'deferred', 'held', 'waiting', 'released', 'dead_letter') AND coalesce(octet_length(title), 0) <= 1020;
CREATE INDEX {side}_task_aside_long ON staging.{side}_task (run_id)
    WHERE disposition IN ('ignored', 'deferred', 'held', 'waiting', 'released', 'dead_letter') AND coalesce(octet_length(title), 0) > 1020;
-- A run's share of a table is all that a plan needs to know, and it is wanted in milliseconds.
ALTER TABLE staging.{side}_task ALTER COLUMN run_id SET STATISTICS 20, ALTER COLUMN bucket SET STATISTICS 20;
-- end

CREATE VIEW staging.seen ( -- One row is a staged record of either side, with what both have in common.
    run_id, -- Run that saw it
    side, -- System of the record
    remote_id, -- Id of the record
    source, -- How it was read
    bucket, -- 0 to 1023, by the key of its pair
    presence, -- live, deleted or absent
    version, -- Stamp of that state
    owner, -- User id of assignee or owner
    marker, -- Marker that it carries (G2)
    problem_code, -- Why it cannot be understood; else null
    link_id, -- Pair that it was decided with
    disposition, -- Where it ended (G5)
    rule -- Rules that led there
) AS
-- both: UNION ALL
SELECT run_id, '{side}' AS side, remote_id, source, bucket, presence, version, owner, marker, problem_code, link_id, disposition, rule
FROM staging.{side}_task
-- end
;
