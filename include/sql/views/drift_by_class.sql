CREATE OR REPLACE VIEW mart.drift_by_class ( -- One row is a class of what the newest audit found, a field of it where fields differ.
    class, -- What was found
    field, -- The field that differs
    tasks, -- How many pairs or records
    meaning, -- What it means, and what helps
    run_id -- The audit
) AS
SELECT d.class, d.field, sum(d.tasks)::bigint AS tasks, m.meaning, d.run_id
FROM bridge.drift d
JOIN (VALUES
    ('in_step', 'Both records say the same. Nothing to do.'),
    ('differs', 'A field says different things. Repair mends it by the usual rules.'),
    ('subject', 'The Subject is not what the template gives now: typed by a person, or from an older template (mode rerender).'),
    ('one_deleted', 'One record is deleted, the other live. The next run carries a recent delete over; repair has an older one asked about.'),
    ('both_deleted', 'Both records are deleted. The next run that sees them ends the pair.'),
    ('missing', 'A record is not found, and nothing proves that it was deleted. Check what the integration user may see.'),
    ('without_records', 'Neither record is found. Check what the integration users may see.'),
    ('ended_but_live', 'The pair was ended, and one of its records is live: kept by a person, or restored.'),
    ('half', 'The second record never came to be. See mart.not_synced.'),
    ('released', 'The pair takes no part at present: its owner does not sync, or it is no reminder.'),
    ('withheld', 'A person keeps the pair out.'),
    ('unreadable', 'The record cannot be understood. See mart.errors_by_code.'),
    ('only_in_sales_connect', 'Should have a partner in Salesforce by the rules. Run task_sync_backfill for the day of its last change.'),
    ('only_in_salesforce', 'Should have a partner in Sales Connect by the rules. Run task_sync_backfill for the day of its last change.'),
    ('marker_without_link', 'The record says that TaskBridge created it, and the ledger does not know it. Run mode rebase, which pairs it or says why not.'),
    ('marker_doubled', 'Two live records carry one marker. Keep one, and clear the marker of the other.')
) AS m (class, meaning) USING (class)
WHERE d.run_id = (SELECT max(run_id) FROM bridge.drift)
GROUP BY d.class, d.field, m.meaning, d.run_id;
