-- Pairs, their base and how it advances, and fields that are contested. A pair outlives the runs that made it.
CREATE TABLE bridge.link ( -- One row is a pair of an SC task and its SF task, with the values that each side had when both were last read or written together (the base).
    link_id text PRIMARY KEY, -- Prefix of the origin, account or org, and record id: the marker without its generation (G2)
    origin text NOT NULL CHECK (origin IN ('sales_connect', 'salesforce')), -- System in which the pair began
    generation integer NOT NULL DEFAULT 1, -- How often the pair has been made; grows when a record is created again (C7, K4)
    state text NOT NULL CHECK (state IN ('pending', 'linked', 'held', 'missing', 'released', 'tombstone')), -- pending, linked, held, missing, released or tombstone
    withheld text CHECK (withheld IN ('rejected', 'undone', 'withdrawn_from_sales_connect', 'withdrawn_from_salesforce')), -- Why a person keeps a released pair out of the sync: what was held was rejected, a run was undone, or a run was undone that had made the copy, which was withdrawn from the system that is named; else null
    dirty boolean NOT NULL DEFAULT false, -- Something is unfinished: both records are read by id before anything is decided (G9)
    dirty_since timestamptz, -- Since when it is dirty
    look_again_at timestamptz, -- Of a pair that only waits (for an approval, a decision, a proof, or for somebody who mends a record): when its records are read by id again, unless it is answered or a listing shows something new of it before (G9). Null: in the next run
    -- both:
    {half}_id text UNIQUE, -- Id of the {HALF} record
    {half}_deleted_id text, -- {HALF}: the record whose delete was proved (C5); null once it is read live. What is proved is not asked again
    {half}_version timestamptz, -- {HALF}: version last seen
    {half}_modified_at timestamptz, -- {HALF}: last edit by a person, as last seen; never a stamp of our own write (K3)
    {half}_written_at timestamptz, -- {HALF}: the server's time of our last write that no read has confirmed yet
    {half}_changed_at timestamptz, -- {HALF}: stamp first seen with a difference that is still open (K3)
    {half}_owner_now text, -- {HALF}: owner as last seen, also when that change has not been merged
    {half}_title text, -- Base: title in {HALF} (personal)
    {half}_status text, -- Base: status in {HALF}
    {half}_priority text, -- Base: priority in {HALF}
    {half}_due_date date, -- Base: due date in {HALF}
    {half}_details text, -- Base: details or comments in {HALF} (personal)
    {half}_owner text, -- Base: owner in {HALF}
    -- end
    sc_outside text CHECK (sc_outside = 'owner'), -- SC: why the record itself was out of the sync when it was last seen: owner (given to somebody who takes no part, C3); else null
    sf_outside text CHECK (sf_outside IN ('no_reminder', 'owner')), -- SF: why the record itself was out of the sync when it was last seen: no_reminder (C2) or owner (given to somebody who takes no part, C3); else null
    sc_checked_at timestamptz NOT NULL, -- Sales Connect's clock when its task was last looked at, for the sweep
    sc_type text, -- Base, for the subject template (T3): kind of task
    sc_campaign_name text, -- Base, for the subject template (T3): sales campaign
    sc_campaign_day text, -- Base, for the subject template (T3): day of the campaign
    sc_campaign_step text, -- Base, for the subject template (T3): step of the campaign
    sc_call_outcome text, -- Base, for the subject template (T3): outcome of a call
    sc_call_reason text, -- Base, for the subject template (T3): reason of a call
    created_run_id bigint NOT NULL, -- Run that made the pair; perhaps no longer kept
    changed_run_id bigint NOT NULL, -- Run that last changed the pair; perhaps no longer kept
    created_at timestamptz NOT NULL DEFAULT now(), -- When the pair was made
    changed_at timestamptz NOT NULL DEFAULT now(), -- When base, ids or state last changed
    CHECK (sc_id IS NOT NULL OR sf_id IS NOT NULL),
    CONSTRAINT link_withheld_is_released CHECK (withheld IS NULL OR state = 'released')
) WITH (fillfactor = 80);
CREATE INDEX link_unfinished ON bridge.link (link_id)
    WHERE dirty OR state = 'pending' OR sc_written_at IS NOT NULL OR sf_written_at IS NOT NULL;
ALTER TABLE bridge.link
    ALTER COLUMN link_id SET STATISTICS 20,
    ALTER COLUMN state SET STATISTICS 20,
    ALTER COLUMN dirty SET STATISTICS 20,
    ALTER COLUMN look_again_at SET STATISTICS 20,
    ALTER COLUMN sc_written_at SET STATISTICS 20,
    ALTER COLUMN sf_written_at SET STATISTICS 20;
CREATE INDEX link_sc_owner ON bridge.link (sc_owner_now);
CREATE INDEX link_sf_owner ON bridge.link (sf_owner_now);
CREATE INDEX link_sc_checked ON bridge.link (sc_checked_at) WHERE state = 'linked';
-- Pairs that mart.not_synced tells of. One entry a pair that gets stuck.
CREATE INDEX link_stuck ON bridge.link (state) WHERE state IN ('held', 'missing', 'released');
-- A user's open tasks: mart.command_center. One entry an open task, one more when its day or owner changes.
CREATE INDEX link_open ON bridge.link (sc_owner, sc_due_date) WHERE state = 'linked' AND sc_status = 'open';
-- Exactly what the limits ask for in a run that decides something: pairs by owner.
CREATE INDEX link_counted ON bridge.link (sc_owner) WHERE state IN ('linked', 'held');

CREATE TABLE bridge.ledger_change ( -- One row says how the base of a pair advances when an action is done, or when its run settles.
    change_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, -- Number of the row
    run_id bigint NOT NULL REFERENCES bridge.run, -- Run whose plan it belongs to
    link_id text NOT NULL REFERENCES bridge.link, -- Pair that advances
    seq integer, -- Action of that run whose success it waits for; null: applies when the run settles
    also integer, -- A second action of the run that has to succeed as well; null: one is enough
    state text, -- New state of the pair, or null to leave it
    withheld text CHECK (withheld IN ('rejected', 'undone', 'withdrawn_from_sales_connect', 'withdrawn_from_salesforce')), -- Why a person keeps the pair out from then on; without it a new state ends that
    -- both:
    {half}_mask integer NOT NULL DEFAULT 0, -- Bits of the {HALF} columns that advance, as in bridge.action.mask
    {half}_title text, -- New base: title in {HALF} (personal)
    {half}_status text, -- New base: status in {HALF}
    {half}_priority text, -- New base: priority in {HALF}
    {half}_due_date date, -- New base: due date in {HALF}
    {half}_details text, -- New base: details or comments in {HALF} (personal)
    {half}_owner text, -- New base: owner in {HALF}
    -- end
    sc_outside text, -- What the pair's sc_outside becomes; empty: null; null leaves it
    sf_outside text, -- What the pair's sf_outside becomes; empty: null; null leaves it
    inputs boolean NOT NULL DEFAULT false, -- Whether the inputs of the subject template advance as well (T3)
    sc_type text, -- New base, for the subject template (T3): kind of task
    sc_campaign_name text, -- New base, for the subject template (T3): sales campaign
    sc_campaign_day text, -- New base, for the subject template (T3): day of the campaign
    sc_campaign_step text, -- New base, for the subject template (T3): step of the campaign
    sc_call_outcome text, -- New base, for the subject template (T3): outcome of a call
    sc_call_reason text, -- New base, for the subject template (T3): reason of a call
    applied_at timestamptz, -- When the base advanced by it; null: not yet, or never
    CONSTRAINT ledger_change_withheld_is_released CHECK (withheld IS NULL OR state = 'released')
);
CREATE INDEX ledger_change_open ON bridge.ledger_change (run_id) WHERE applied_at IS NULL;
CREATE INDEX ledger_change_link ON bridge.ledger_change (link_id);
CREATE INDEX ledger_change_run ON bridge.ledger_change (run_id);
ALTER TABLE bridge.ledger_change ALTER COLUMN run_id SET STATISTICS 20;

CREATE TABLE bridge.conflict ( -- One row is one contested field of a pair, or a delete against an edit, with both values in full (K5).
    conflict_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, -- Number of the conflict
    run_id bigint NOT NULL REFERENCES bridge.run, -- Run that found it
    dry_run boolean NOT NULL DEFAULT false, -- Found by a dry run, so of no effect
    link_id text NOT NULL, -- Pair that is contested
    field text NOT NULL, -- Field that is contested; record for a delete against an edit
    rule text NOT NULL, -- K3, T3 for a Subject typed in Salesforce, K4 for a delete against an edit, K6 for a field that went to and fro
    winner text CHECK (winner IN ('sales_connect', 'salesforce')), -- System whose value stands; null while it waits for a decision
    base_sc text, -- What both agreed on before, as SC had it (personal)
    base_sf text, -- What both agreed on before, as SF had it (personal)
    value_sc text, -- Value in SC, in full (personal)
    value_sf text, -- Value in SF, in full (personal)
    found_at timestamptz NOT NULL DEFAULT now(), -- When it was found
    decided_at timestamptz, -- When a waiting conflict was decided or went away
    restored_at timestamptz -- When a person's restore of the loser was written (K5)
);
CREATE UNIQUE INDEX conflict_one_open_per_field ON bridge.conflict (link_id, field)
    WHERE winner IS NULL AND decided_at IS NULL AND NOT dry_run;
-- Conflicts of a pair, and what was decided of one: mart.field_origins and conflicts_open. One entry each.
CREATE INDEX conflict_link ON bridge.conflict (link_id);
CREATE INDEX conflict_run ON bridge.conflict (run_id);

CREATE TABLE bridge.decision ( -- One row is what a person decided about a field that is held, contested (K3) or going to and fro (K6). It is about two values: when either moves before a run carries it out, it is outdated.
    decision_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, -- Number of the decision
    conflict_id bigint NOT NULL, -- Conflict that was decided, as in bridge.conflict
    link_id text NOT NULL, -- Pair
    field text NOT NULL, -- Field
    winner text NOT NULL CHECK (winner IN ('sales_connect', 'salesforce')), -- System whose value is to be in both
    value_sc text, -- Value in Sales Connect that was decided upon; dates as ISO text (personal)
    value_sf text, -- Value in Salesforce that was decided upon; dates as ISO text (personal)
    decided_by text NOT NULL, -- Who decided, as Airflow names the person (personal)
    decided_at timestamptz NOT NULL DEFAULT now(), -- When
    state text NOT NULL DEFAULT 'open' CHECK (state IN ('open', 'carried_out', 'outdated', 'unneeded', 'replaced')), -- open: the next run carries it out. carried_out: it was. outdated: a value moved before. unneeded: the field was no longer held. replaced: decided again
    run_id bigint REFERENCES bridge.run, -- Run that planned it, or that found it outdated or unneeded
    closed_at timestamptz -- When it stopped being open
);
CREATE UNIQUE INDEX decision_one_open_per_field ON bridge.decision (link_id, field) WHERE state = 'open';
CREATE INDEX decision_conflict ON bridge.decision (conflict_id);
CREATE INDEX decision_run ON bridge.decision (run_id) WHERE run_id IS NOT NULL;

CREATE TABLE bridge.drift ( -- One row is something that an audit found not to be as the rules say; a pair that differs in two fields has two.
    drift_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, -- Key
    run_id bigint NOT NULL REFERENCES bridge.run ON DELETE CASCADE, -- The audit
    class text NOT NULL CHECK (class IN ('in_step', 'differs', 'subject', 'one_deleted', 'both_deleted', 'missing', 'without_records', 'ended_but_live', 'half', 'released', 'withheld', 'unreadable', 'only_in_sales_connect', 'only_in_salesforce', 'marker_without_link', 'marker_doubled')), -- What was found, see mart.drift_by_class; in_step is one row with their number
    tasks bigint NOT NULL, -- Pairs or records that the row stands for: 1, or the number of those in step
    link_id text, -- The pair, if any
    sc_id text, -- Record in Sales Connect
    sf_id text, -- Record in Salesforce
    sc_user_id text, -- User whose task it is, if mapped
    title text, -- Name or Subject (personal)
    field text, -- The field that differs
    value_sc text, -- What Sales Connect holds; of the title, what the template makes of it (personal)
    value_sf text, -- What Salesforce holds (personal)
    unexplained boolean -- Of a difference: neither side changed the field since the pair was last in step, nor is it what skipped means in Salesforce (C4)
);
CREATE INDEX drift_run ON bridge.drift (run_id, class);

CREATE VIEW bridge.half ( -- One row is one side of a pair.
    link_id, -- Name of the pair
    side, -- System
    remote_id, -- Its record there; null while it is to be created
    owner, -- Who had the record when it was last seen
    version, -- Stamp of the record when it was last seen
    written_at, -- Time of our last write to it that no read has confirmed; else null
    state, -- State of the pair
    dirty, -- Whether anything in the pair is unfinished (G9)
    look_again_at -- When a pair that only waits is read again; null: in the next run
) AS
-- both: UNION ALL
SELECT link_id, '{side}' AS side, {half}_id AS remote_id, {half}_owner_now AS owner, {half}_version AS version,
       {half}_written_at AS written_at, state, dirty, look_again_at
FROM bridge.link
-- end
;
