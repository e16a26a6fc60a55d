COMMENT ON SCHEMA bridge IS 'The ledger: runs, pairs with their base, actions, conflicts, errors.';
COMMENT ON SCHEMA staging IS 'What each run saw of the two systems.';
COMMENT ON SCHEMA mart IS 'Views for people.';

COMMENT ON TABLE bridge.schema_version IS 'The migration that this database has had last.';
COMMENT ON TABLE bridge.run IS 'One row is one sync run.';
COMMENT ON TABLE bridge.lease IS 'The one row says which run may write (fencing).';
COMMENT ON TABLE bridge.side_identity IS 'One row is a system, with the org or account that the ledger was built from (G8).';
COMMENT ON TABLE bridge.side_state IS 'One row is a system: active, or paused after refused credentials.';
COMMENT ON TABLE bridge.watermark IS 'One row is a system: up to where its changes have been read and settled.';
COMMENT ON TABLE bridge.user_map IS 'One row is a Sales Connect user and the Salesforce user it is matched with (S2).';
COMMENT ON TABLE staging.sales_connect_task IS 'One row is a Sales Connect task as a run saw it.';
COMMENT ON TABLE staging.salesforce_task IS 'One row is a Salesforce task as a run saw it.';
COMMENT ON TABLE bridge.link IS 'One row is a pair of an SC task and its SF task, with the values that each side had when both were last read or written together (the base).';
COMMENT ON TABLE bridge.action IS 'One row is one intended remote effect and its outcome.';
COMMENT ON TABLE bridge.ledger_change IS 'One row says how the base of a pair advances when an action is done, or when its run settles.';
COMMENT ON TABLE bridge.conflict IS 'One row is one contested field of a pair, or a delete against an edit, with both values in full (K5).';
COMMENT ON TABLE bridge.dead_letter IS 'One row is a record or a write that cannot be processed now (G4).';

DO $$
DECLARE
    item record;
BEGIN
    FOR item IN
        SELECT * FROM (VALUES
        ('bridge.schema_version', 'version_num', 'Number of the migration'),
        ('bridge.run', 'run_id', 'Number of the run, growing'),
        ('bridge.run', 'run_key', 'Unique name: DAG id and DAG run id'),
        ('bridge.run', 'mode', 'How it came about: scheduled, manual or backfill'),
        ('bridge.run', 'dry_run', 'Whether it only planned'),
        ('bridge.run', 'users', 'Users it was asked for; empty means all'),
        ('bridge.run', 'window_start', 'Start of a window that was asked for; null: from the watermarks'),
        ('bridge.run', 'window_end', 'End (exclusive) of a window that was asked for'),
        ('bridge.run', 'fencing', 'Number of the lease under which it writes'),
        ('bridge.run', 'sc_start', 'Start of what is read of Sales Connect, by its clock'),
        ('bridge.run', 'sc_end', 'End (exclusive) of what is read of Sales Connect, by its clock'),
        ('bridge.run', 'sf_start', 'Start of what is read of Salesforce, by its clock'),
        ('bridge.run', 'sf_end', 'End (exclusive) of what is read of Salesforce, by its clock'),
        ('bridge.run', 'sc_server_time', 'Sales Connect''s clock when the run began'),
        ('bridge.run', 'sf_server_time', 'Salesforce''s clock when the run began'),
        ('bridge.run', 'features', 'Optional features that Sales Connect offered'),
        ('bridge.run', 'settings_fingerprint', 'Digest of the settings in force'),
        ('bridge.run', 'code_version', 'Version of TaskBridge'),
        ('bridge.run', 'opened_at', 'When it was opened'),
        ('bridge.run', 'settled_at', 'When it was last settled'),
        ('bridge.run', 'closed_at', 'When it ended; null while it is under way or was cut off'),
        ('bridge.run', 'outcome', 'clean, conflicts, partial, held, failed or skipped (G6)'),
        ('bridge.run', 'summary', 'The run in a sentence'),
        ('bridge.run', 'counts', 'What it saw and did, as counted when it ended (G5); outlives the staging'),
        ('bridge.run', 'notes', 'Sentences kept for the report'),
        ('bridge.lease', 'name', 'Always sync'),
        ('bridge.lease', 'run_key', 'Run that holds the lease, or null'),
        ('bridge.lease', 'fencing', 'Grows with every new holder; a write under an older number is refused'),
        ('bridge.lease', 'expires_at', 'Until when it holds without being renewed'),
        ('bridge.side_identity', 'side', 'sales_connect or salesforce'),
        ('bridge.side_identity', 'identity', 'Org id or account id'),
        ('bridge.side_identity', 'ledger_started_at', 'The side''s clock at this ledger''s first enabled run (S2)'),
        ('bridge.side_identity', 'first_seen_at', 'When the row was stored'),
        ('bridge.side_state', 'side', 'sales_connect or salesforce'),
        ('bridge.side_state', 'state', 'active or paused'),
        ('bridge.side_state', 'reason', 'Why it is paused'),
        ('bridge.side_state', 'since', 'Since when it is in this state'),
        ('bridge.side_state', 'next_attempt_at', 'When a paused side is tried again'),
        ('bridge.watermark', 'side', 'sales_connect or salesforce'),
        ('bridge.watermark', 'position', 'Everything before this stamp of the side''s clock has been read and settled'),
        ('bridge.watermark', 'previous', 'The position before, to which it can go back (G8)'),
        ('bridge.watermark', 'run_id', 'Run that moved it'),
        ('bridge.watermark', 'moved_at', 'When it was moved'),
        ('bridge.user_map', 'sc_user_id', 'Sales Connect user'),
        ('bridge.user_map', 'sf_user_id', 'Salesforce user; null while unmapped'),
        ('bridge.user_map', 'email', 'E-mail address by which the two were matched'),
        ('bridge.user_map', 'name', 'Name in Sales Connect'),
        ('bridge.user_map', 'time_zone', 'IANA time zone in Sales Connect'),
        ('bridge.user_map', 'state', 'synced, off, unmapped, ambiguous, refused or inactive'),
        ('bridge.user_map', 'remedy', 'What to do so that this user takes part; null when synced'),
        ('bridge.user_map', 'sync_on_since', 'When the user''s setting was last switched on, as Sales Connect tells'),
        ('bridge.user_map', 'mapped_at_sc', 'Sales Connect''s clock in the first run in which both users existed'),
        ('bridge.user_map', 'mapped_at_sf', 'Salesforce''s clock in that run'),
        ('bridge.user_map', 'switched_on_sc', 'Effective switch-on by Sales Connect''s clock (S2)'),
        ('bridge.user_map', 'switched_on_sf', 'The same moment by Salesforce''s clock'),
        ('bridge.user_map', 'first_sync', 'owed or settled (I1); null while never switched on'),
        ('staging.sales_connect_task', 'type', 'Kind of task: Email, Call, InMail or Custom'),
        ('staging.sales_connect_task', 'campaign_name', 'Sales campaign that the task belongs to'),
        ('staging.sales_connect_task', 'campaign_day', 'Day of the campaign'),
        ('staging.sales_connect_task', 'campaign_step', 'Step of the campaign'),
        ('staging.sales_connect_task', 'call_outcome', 'Outcome of a call'),
        ('staging.sales_connect_task', 'call_reason', 'Reason of a call'),
        ('staging.sales_connect_task', 'delete_cause', 'user_deleted when the task went together with its user (C5)'),
        ('staging.salesforce_task', 'subtype', 'TaskSubtype; anything but Task is a logged activity (C2)'),
        ('staging.salesforce_task', 'is_closed', 'Whether the org counts the status as closed'),
        ('staging.salesforce_task', 'is_recurrence', 'Whether it is the master of a series (C2)'),
        ('staging.salesforce_task', 'is_archived', 'Whether Salesforce has archived it'),
        ('staging.salesforce_task', 'completed_at', 'CompletedDateTime'),
        ('bridge.link', 'link_id', 'Prefix of the origin, account or org, and record id: the marker without its generation (G2)'),
        ('bridge.link', 'origin', 'System in which the pair began'),
        ('bridge.link', 'generation', 'How often the pair has been made; grows when a record is created again (C7, K4)'),
        ('bridge.link', 'state', 'pending, linked, held, missing, released or tombstone'),
        ('bridge.link', 'dirty', 'Something is unfinished: both records are read by id before anything is decided (G9)'),
        ('bridge.link', 'dirty_since', 'Since when it is dirty'),
        ('bridge.link', 'sc_checked_at', 'Sales Connect''s clock when its task was last looked at, for the sweep'),
        ('bridge.link', 'created_run_id', 'Run that made the pair'),
        ('bridge.link', 'changed_run_id', 'Run that last changed base, ids or state'),
        ('bridge.link', 'created_at', 'When the pair was made'),
        ('bridge.link', 'changed_at', 'When base, ids or state last changed'),
        ('bridge.action', 'action_id', 'Run and seq: the same plan gives the same id'),
        ('bridge.action', 'run_id', 'Run that planned it'),
        ('bridge.action', 'seq', 'Position in the plan, from 0'),
        ('bridge.action', 'link_id', 'Pair that it is for; of a dry run perhaps one that was never stored'),
        ('bridge.action', 'side', 'System that is written'),
        ('bridge.action', 'op', 'create, update or delete'),
        ('bridge.action', 'remote_id', 'Record that is written; of a create, once it is done'),
        ('bridge.action', 'marker', 'What a created record carries, so that it can be found again (G2)'),
        ('bridge.action', 'state', 'planned, held, sent, done, stale, retry, dead or rejected'),
        ('bridge.action', 'rule', 'Rules that led to it, comma-separated'),
        ('bridge.action', 'kind', 'What it counts as for the limits (G3), comma-separated'),
        ('bridge.action', 'sc_user_id', 'User whose task it is'),
        ('bridge.action', 'first_import', 'Whether it belongs to a user''s first sync, which the limits do not count'),
        ('bridge.action', 'mask', 'Bits of the fields that are written: title 1, status 2, priority 4, due date 8, details 16, owner 32'),
        ('bridge.action', 'person', 'Creates only: Salesforce id of the contact or lead'),
        ('bridge.action', 'planned_at', 'When it was planned'),
        ('bridge.action', 'sent_at', 'When the intent was written down, just before the call'),
        ('bridge.action', 'answered_at', 'When its outcome was stored'),
        ('bridge.action', 'written_at', 'The server''s time of the write, reckoned where it was not told'),
        ('bridge.action', 'outcome', 'What the side answered: done, gone, exists, retry, unknown or rejected'),
        ('bridge.action', 'code', 'Error code of the vendor, or ours'),
        ('bridge.action', 'category', 'intermittent, authentication, access, validation or other'),
        ('bridge.action', 'message', 'What the system said'),
        ('bridge.action', 'remedy', 'What helps'),
        ('bridge.ledger_change', 'change_id', 'Number of the row'),
        ('bridge.ledger_change', 'run_id', 'Run whose plan it belongs to'),
        ('bridge.ledger_change', 'link_id', 'Pair that advances'),
        ('bridge.ledger_change', 'seq', 'Action of that run whose success it waits for; null: applies when the run settles'),
        ('bridge.ledger_change', 'state', 'New state of the pair, or null to leave it'),
        ('bridge.ledger_change', 'inputs', 'Whether the inputs of the subject template advance as well (T3)'),
        ('bridge.ledger_change', 'sc_mask', 'Bits of the SC columns that advance, as in bridge.action.mask'),
        ('bridge.ledger_change', 'sf_mask', 'Bits of the SF columns that advance, as in bridge.action.mask'),
        ('bridge.ledger_change', 'applied_at', 'When the base advanced by it; null: not yet, or never'),
        ('bridge.conflict', 'conflict_id', 'Number of the conflict'),
        ('bridge.conflict', 'run_id', 'Run that found it'),
        ('bridge.conflict', 'dry_run', 'Found by a dry run, so of no effect'),
        ('bridge.conflict', 'link_id', 'Pair that is contested'),
        ('bridge.conflict', 'field', 'Field that is contested; record for a delete against an edit'),
        ('bridge.conflict', 'rule', 'Rule that decided it: K3, K4, T3, F6'),
        ('bridge.conflict', 'winner', 'Side whose value stays; null while it waits for a decision'),
        ('bridge.conflict', 'base_sc', 'What both agreed on before, as SC had it'),
        ('bridge.conflict', 'base_sf', 'What both agreed on before, as SF had it'),
        ('bridge.conflict', 'value_sc', 'Value in SC, in full'),
        ('bridge.conflict', 'value_sf', 'Value in SF, in full'),
        ('bridge.conflict', 'found_at', 'When it was found'),
        ('bridge.conflict', 'decided_at', 'When a waiting conflict was decided or went away'),
        ('bridge.conflict', 'restored_at', 'When the losing value was restored'),
        ('bridge.dead_letter', 'dead_letter_id', 'Number of the row'),
        ('bridge.dead_letter', 'run_id', 'Run that met it first'),
        ('bridge.dead_letter', 'stage', 'extract: a record cannot be understood; decide; load: a write was rejected'),
        ('bridge.dead_letter', 'side', 'System that the record is in, or that rejected the write'),
        ('bridge.dead_letter', 'remote_id', 'Record, as far as it has an id'),
        ('bridge.dead_letter', 'link_id', 'Pair, if any'),
        ('bridge.dead_letter', 'action_id', 'Rejected action'),
        ('bridge.dead_letter', 'code', 'Error code of the vendor, or ours'),
        ('bridge.dead_letter', 'category', 'intermittent, authentication, access, validation, data or other'),
        ('bridge.dead_letter', 'message', 'What is wrong'),
        ('bridge.dead_letter', 'remedy', 'What helps, and who must act'),
        ('bridge.dead_letter', 'payload', 'The record as it came'),
        ('bridge.dead_letter', 'attempts', 'How often it was met'),
        ('bridge.dead_letter', 'first_seen_at', 'When it was met first'),
        ('bridge.dead_letter', 'last_seen_at', 'When it was met last'),
        ('bridge.dead_letter', 'next_try_at', 'Until then the pair rests, unless one of its records changes'),
        ('bridge.dead_letter', 'resolved_at', 'When it was over; null while open')
        ) AS t (relation, name, text)

        UNION ALL
        SELECT relation, name, text
        FROM (VALUES ('staging.sales_connect_task'), ('staging.salesforce_task')) AS r (relation)
        CROSS JOIN (VALUES
            ('run_id', 'Run that saw it'),
            ('remote_id', 'Id of the record in its system'),
            ('presence', 'live, deleted (proved) or absent (no proof, C5)'),
            ('version', 'Stamp of the last change, or of the delete'),
            ('modified_at', 'Stamp of the last edit by a user'),
            ('created_at', 'When the record was created'),
            ('title', 'Name in SC, Subject in SF'),
            ('status', 'Status in the words of the system'),
            ('priority', 'Priority in the words of the system'),
            ('due_date', 'Due date, a calendar date without a time zone'),
            ('details', 'Details in SC, Description (Comments) in SF'),
            ('owner', 'User id of assignee or owner'),
            ('marker', 'What TaskBridge wrote on a record that it created (G2)'),
            ('person', 'Salesforce id of the contact or lead'),
            ('problem_code', 'Why the record cannot be understood; its values are then null'),
            ('problem_message', 'The same in words'),
            ('payload', 'The record as it came'),
            ('source', 'How it was read: delta, deleted, first_sync, by_id or sweep'),
            ('staged_at', 'When it was stored'),
            ('link_id', 'Pair that it was decided with'),
            ('disposition', 'Where it ended: unchanged, planned, held, deferred, released, ignored or dead_letter (G5)'),
            ('rule', 'Rules that led there, comma-separated')
        ) AS c (name, text)

        UNION ALL
        SELECT 'bridge.link', prefix || name, format(text, system)
        FROM (VALUES ('sc_', 'SC'), ('sf_', 'SF')) AS s (prefix, system)
        CROSS JOIN (VALUES
            ('id', 'Id of the %s record'),
            ('version', '%s: version last seen'),
            ('modified_at', '%s: last edit by a person, as last seen; never a stamp of our own write (K3)'),
            ('written_at', '%s: the server''s time of our last write that no read has confirmed yet'),
            ('changed_at', '%s: stamp first seen with a difference that is still open (K3)'),
            ('owner_now', '%s: owner as last seen, also when that change has not been merged')
        ) AS c (name, text)

        UNION ALL
        SELECT relation, prefix || name, format(text, system)
        FROM (VALUES ('bridge.link', 'Base: '), ('bridge.ledger_change', 'New base: ')) AS r (relation, what)
        CROSS JOIN (VALUES ('sc_', 'SC'), ('sf_', 'SF')) AS s (prefix, system)
        CROSS JOIN LATERAL (VALUES
            ('title', what || 'title in %s'),
            ('status', what || 'status in %s'),
            ('priority', what || 'priority in %s'),
            ('due_date', what || 'due date in %s'),
            ('details', what || 'details or comments in %s'),
            ('owner', what || 'owner in %s')
        ) AS c (name, text)

        UNION ALL
        SELECT relation, 'sc_' || name, what || text
        FROM (VALUES ('bridge.link', 'Base, for the subject template (T3): '),
                     ('bridge.ledger_change', 'New base, for the subject template (T3): ')) AS r (relation, what)
        CROSS JOIN (VALUES
            ('type', 'kind of task'),
            ('campaign_name', 'sales campaign'),
            ('campaign_day', 'day of the campaign'),
            ('campaign_step', 'step of the campaign'),
            ('call_outcome', 'outcome of a call'),
            ('call_reason', 'reason of a call')
        ) AS c (name, text)

        UNION ALL
        SELECT 'bridge.action', prefix || name, format(text, name)
        FROM (VALUES ('', 'Value to write: %s; of no meaning outside the mask'),
                     ('seen_', 'What the record held when this was decided: %s (K5)')) AS s (prefix, text)
        CROSS JOIN (VALUES
            ('title'), ('status'), ('priority'), ('due_date'), ('details'), ('owner')
        ) AS c (name)
    LOOP
        EXECUTE format('COMMENT ON COLUMN %s.%I IS %L', item.relation, item.name, item.text);
    END LOOP;
END
$$;
