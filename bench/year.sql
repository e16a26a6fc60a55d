-- A year of TaskBridge in an empty ledger. The settings year.runs, year.pairs, year.staged (rows a side), year.held,
-- year.errors (open ones; twice as many are resolved) and year.settings (of a run, JSON) tell its size.
-- The same size gives the same year but for its dates, as it ends now.
CREATE FUNCTION pg_temp.size(of text) RETURNS bigint LANGUAGE sql STABLE RETURN current_setting('year.' || of)::bigint;
CREATE FUNCTION pg_temp.dice(number bigint, sides bigint) RETURNS bigint LANGUAGE sql IMMUTABLE
RETURN abs(hashint8(number)::bigint) % sides;
CREATE FUNCTION pg_temp.words(number bigint, many integer) RETURNS text LANGUAGE sql IMMUTABLE
RETURN left(repeat((ARRAY['Call Ann Byron about the renewal, ', 'Angebot für Zürich nachfassen, ', '注文の確認、見積書 ',
    'Mail the contract to Ben, ', 'Follow up on the quote, '])[1 + pg_temp.dice(number, 5)], many), 34 * many) || number;

INSERT INTO bridge.run (
    run_id, run_key, mode, dry_run, users, fencing, sc_start, sc_end, sf_start, sf_end, sc_server_time, sf_server_time,
    features, settings_fingerprint, code_version, opened_at, settled_at, closed_at, outcome, summary, counts, settings
) OVERRIDING SYSTEM VALUE
SELECT
    n, 'task_sync/scheduled__' || n, CASE WHEN n % 5000 = 7 THEN 'audit' WHEN n % 1000 = 9 THEN 'manual' ELSE 'scheduled' END,
    n % 1000 = 9, '{}', n, opened - interval '11 minutes', opened, opened - interval '11 minutes', opened, opened, opened,
    '{}', 'a3f1c2d4e5f60718', '0.1.0', opened, opened + interval '2 seconds', opened + interval '3 seconds',
    CASE WHEN n % 2000 = 3 THEN 'failed' WHEN n % 300 = 5 THEN 'partial' WHEN n % 50 = 1 THEN 'conflicts' WHEN n % 2 = 0 THEN 'held'
         ELSE 'clean' END,
    'Sales Connect: nothing written, Salesforce: 2 written',
    CASE WHEN pg_temp.dice(n, 10) < 7
        THEN '{"drift": 0, "staged": {}, "actions": {}, "left_out": 0, "conflicts": 0, "rejected_new": 0}'::jsonb
        ELSE jsonb_build_object(
            'drift', 0, 'left_out', 0, 'conflicts', (n % 50 = 1)::int, 'rejected_new', (n % 300 = 5)::int,
            'staged', jsonb_build_object('sales_connect', jsonb_build_object('unchanged', n % 9, 'planned', 1 + n % 3),
                                         'salesforce', jsonb_build_object('ignored', n % 4, 'unchanged', n % 7, 'planned', n % 2)),
            'actions', jsonb_build_object('salesforce', jsonb_build_object('create', jsonb_build_object('done', 1 + n % 3)),
                                          'sales_connect', jsonb_build_object('update', jsonb_build_object('done', n % 2, 'stale', (n % 40 = 0)::int))))
    END,
    current_setting('year.settings')::jsonb
FROM generate_series(1, pg_temp.size('runs')) n
CROSS JOIN LATERAL (SELECT now() - (pg_temp.size('runs') - n) * interval '1 minute' AS opened) o;
SELECT setval(pg_get_serial_sequence('bridge.run', 'run_id'), pg_temp.size('runs'));

INSERT INTO bridge.user_map (sc_user_id, sf_user_id, email, name, time_zone, state, first_sync)
SELECT 'u' || n, CASE WHEN n % 10 <> 9 THEN '005' || lpad(n::text, 15, '0') END, 'user' || n || '@example.com',
       'User ' || n, (ARRAY['Europe/Berlin', 'America/New_York', 'Asia/Tokyo', 'UTC+12'])[1 + n % 4],
       CASE n % 10 WHEN 9 THEN 'unmapped' WHEN 8 THEN 'off' ELSE 'synced' END, CASE WHEN n % 10 < 8 THEN 'settled' END
FROM generate_series(0, 199) n;
INSERT INTO bridge.side_identity (side, identity, ledger_started_at)
VALUES ('sales_connect', 'acc1', now() - interval '1 year'), ('salesforce', '00D000000000001', now() - interval '1 year');
INSERT INTO bridge.watermark (side, position, run_id)
SELECT side, now(), pg_temp.size('runs') FROM bridge.side_state;

INSERT INTO bridge.link (
    link_id, origin, state, dirty, dirty_since, look_again_at, sc_id, sf_id, sc_version, sf_version, sc_checked_at, sc_owner_now,
    sf_owner_now, sc_title, sf_title, sc_status, sf_status, sc_priority, sf_priority, sc_due_date, sf_due_date, sc_details,
    sf_details, sc_owner, sf_owner, sc_type, sf_outside, created_run_id, changed_run_id, created_at, changed_at
)
SELECT
    'sf:1:' || n, CASE WHEN n % 2 = 0 THEN 'sales_connect' ELSE 'salesforce' END, p.state,
    p.state IN ('held', 'missing', 'pending') OR n % 997 = 0,
    CASE WHEN p.state IN ('held', 'missing', 'pending') OR n % 997 = 0 THEN now() - interval '1 hour' END,
    CASE WHEN p.state IN ('held', 'missing') THEN now() + interval '30 minutes' END,
    CASE WHEN p.state <> 'pending' OR n % 2 = 0 THEN n::text END,
    CASE WHEN p.state <> 'pending' OR n % 2 = 1 THEN '00T' || lpad(n::text, 15, '0') END,
    p.changed, p.changed, now(), 'u' || p.owner, '005' || lpad(p.owner::text, 15, '0'),
    pg_temp.words(n, 1), pg_temp.words(n, 1), CASE WHEN p.open THEN 'open' ELSE 'complete' END,
    CASE WHEN p.open THEN 'Not Started' ELSE 'Completed' END, 'normal', 'Normal', p.due, p.due, pg_temp.words(n, 8),
    pg_temp.words(n, 8), 'u' || p.owner, '005' || lpad(p.owner::text, 15, '0'), 'call',
    CASE WHEN p.state = 'released' THEN 'owner' END, p.run, p.run, p.changed, p.changed
FROM generate_series(1, pg_temp.size('pairs')) n
CROSS JOIN LATERAL (
    SELECT CASE WHEN n % (pg_temp.size('pairs') / pg_temp.size('held')) = 0 THEN 'held' WHEN n % 600 = 1 THEN 'missing'
                WHEN n % 100 = 2 THEN 'released' WHEN n % 15 = 3 THEN 'tombstone' WHEN n % 1500 = 4 THEN 'pending' ELSE 'linked' END
               AS state,
           pg_temp.dice(n, 160) AS owner,
           pg_temp.dice(n * 31 + 7, 8) = 0 AS open,
           1 + (n - 1) * pg_temp.size('runs') / pg_temp.size('pairs') AS run,
           now() - (pg_temp.size('pairs') - n) * interval '1 year' / pg_temp.size('pairs') AS changed,
           current_date + (pg_temp.dice(n, 60) - 40)::int AS due
) p;

INSERT INTO bridge.action (
    action_id, run_id, seq, link_id, side, op, remote_id, marker, state, rule, kind, sc_user_id, mask, title, status, details,
    seen_status, seen_details, planned_at, sent_at, answered_at, written_at, outcome, code, category, message, remedy, asks
)
SELECT
    a.run_id || '-' || n, a.run_id, n, 'sf:1:' || a.pair, CASE WHEN n % 2 = 0 THEN 'sales_connect' ELSE 'salesforce' END, a.op,
    CASE WHEN n % 2 = 0 THEN a.pair::text ELSE '00T' || lpad(a.pair::text, 15, '0') END, CASE a.op WHEN 'create' THEN 'tb:sf:1:' || a.pair || ':1' END,
    CASE WHEN n > pg_temp.size('pairs') * 3 - pg_temp.size('held') THEN 'held' WHEN a.run_id % 1000 = 9 THEN 'planned' WHEN n % 300 = 5 THEN 'retry'
         WHEN n % 300 = 6 THEN 'stale' WHEN n % 300 = 7 THEN 'dead' WHEN n % 100000 = 8 THEN 'sent' ELSE 'done' END,
    CASE WHEN n % 10 = 0 THEN 'C1,F7' ELSE 'C1' END, a.op, 'u' || pg_temp.dice(a.pair, 160),
    CASE a.op WHEN 'create' THEN 63 ELSE 18 END, pg_temp.words(n, 1), 'open', pg_temp.words(n, 8), 'complete', pg_temp.words(n + 1, 8),
    a.at, a.at, a.at + interval '1 second', a.at + interval '1 second', CASE WHEN n % 300 = 5 THEN 'busy' ELSE 'written' END,
    CASE WHEN n % 300 = 5 THEN 'UNABLE_TO_LOCK_ROW' END, CASE WHEN n % 300 = 5 THEN 'busy' END, 'Row was busy', 'Nothing',
    CASE WHEN n > pg_temp.size('pairs') * 3 - pg_temp.size('held') THEN 'delete' END
FROM generate_series(1, pg_temp.size('pairs') * 3) n
CROSS JOIN LATERAL (
    SELECT 1 + (n - 1) * pg_temp.size('runs') / (pg_temp.size('pairs') * 3) AS run_id,
           1 + CASE WHEN n % 3 = 0 THEN n / 3 - 1 ELSE pg_temp.dice(n, pg_temp.size('pairs')) END AS pair,
           CASE WHEN n % 3 = 0 THEN 'create' WHEN n % 33 = 1 THEN 'delete' ELSE 'update' END AS op,
           now() - (pg_temp.size('pairs') * 3 - n) * interval '1 year' / (pg_temp.size('pairs') * 3) AS at
) a;
INSERT INTO bridge.ledger_change (
    run_id, link_id, seq, state, sc_mask, sc_title, sc_status, sc_details, sf_mask, sf_title, sf_status, sf_details, applied_at
)
SELECT run_id, link_id, seq, CASE op WHEN 'create' THEN 'linked' END, mask, title, status, details, mask, title, status, details,
       CASE WHEN state = 'done' THEN answered_at END
FROM bridge.action
ORDER BY seq;
INSERT INTO bridge.kept (run_id, action_id, link_id, reason, side, remote_id, title, details, payload)
SELECT run_id, action_id, link_id, 'deleted', side, remote_id, title, details, json_build_object('Subject', title, 'Description', details)
FROM bridge.action
WHERE op = 'delete';

INSERT INTO bridge.conflict (run_id, link_id, field, rule, winner, value_sc, value_sf, found_at, decided_at)
SELECT 1 + n * pg_temp.size('runs') / (pg_temp.size('pairs') / 15 + 1), 'sf:1:' || 1 + n * 7 % pg_temp.size('pairs'),
       (ARRAY['status', 'details', 'due_date'])[1 + n % 3], CASE WHEN n % 70 = 0 THEN 'K3' ELSE 'K1' END,
       CASE WHEN n % 70 <> 0 THEN 'salesforce' END, 'ours ' || n, 'theirs ' || n, r.opened_at,
       CASE WHEN n % 70 <> 0 THEN r.opened_at END
FROM generate_series(1, pg_temp.size('pairs') / 15) n
JOIN bridge.run r ON r.run_id = 1 + n * pg_temp.size('runs') / (pg_temp.size('pairs') / 15 + 1);
INSERT INTO bridge.decision (conflict_id, link_id, field, winner, decided_by, state)
SELECT conflict_id, link_id, field, 'salesforce', 'ada', CASE WHEN winner IS NULL THEN 'open' ELSE 'carried_out' END
FROM bridge.conflict
WHERE conflict_id % 10 = 0;
INSERT INTO bridge.dead_letter (
    run_id, stage, side, remote_id, link_id, code, category, message, remedy, first_seen_at, last_seen_at, next_try_at, resolved_at
)
SELECT
    1 + n * pg_temp.size('runs') / (pg_temp.size('errors') * 3 + 1), CASE WHEN n % 5 < 3 THEN 'load' ELSE 'extract' END,
    CASE WHEN n % 2 = 0 THEN 'sales_connect' ELSE 'salesforce' END, CASE WHEN n % 5 >= 3 THEN 'x' || n / 3 END,
    CASE WHEN n % 5 < 3 THEN 'sf:1:' || 1 + n * 11 % pg_temp.size('pairs') END,
    (ARRAY['FIELD_CUSTOM_VALIDATION_EXCEPTION', 'INSUFFICIENT_ACCESS', 'STRING_TOO_LONG', 'IMPOSSIBLE_DATE'])[1 + n % 4], 'rule',
    'ActivityDate of ' || n || ' is refused by a rule of the system', 'Change the task so that the rule is met', t.at, t.at,
    now() + interval '1 day', CASE WHEN n % 3 <> 0 THEN t.at + interval '1 day' END
FROM generate_series(1, pg_temp.size('errors') * 3) n
CROSS JOIN LATERAL (SELECT now() - (pg_temp.size('errors') * 3 - n) * interval '1 year' / (pg_temp.size('errors') * 3) AS at) t;

-- Half of what staging holds is a whole read by an audit; the rest was seen by some five runs in turn.
CREATE TEMPORARY TABLE sight AS
SELECT
    n, CASE WHEN n <= all_rows / 2 THEN runs - 10000 % runs ELSE runs - least(runs - 1, 20160) * (all_rows - n) / (all_rows / 2 + 1) END AS run_id,
    CASE WHEN n <= all_rows / 2 THEN n ELSE all_rows / 2 + (n - all_rows / 2) / 50 * 10 + n % 10 END AS record
FROM (SELECT pg_temp.size('runs') AS runs, pg_temp.size('staged') AS all_rows) s
CROSS JOIN LATERAL generate_series(1, all_rows) n;
INSERT INTO staging.salesforce_task (
    run_id, remote_id, presence, version, modified_at, title, status, priority, due_date, details, owner, payload, source, bucket,
    staged_at, link_id, disposition, rule
)
SELECT run_id, CASE WHEN record % 10 = 0 THEN 'x' || record ELSE '00T' || lpad(record::text, 15, '0') END, 'live', now(), now(),
       pg_temp.words(record, 1), 'Not Started', 'Normal', current_date, pg_temp.words(record, 8),
       '005' || lpad(pg_temp.dice(record, 200)::text, 15, '0'),
       json_build_object('Id', record, 'Subject', pg_temp.words(record, 1), 'Description', pg_temp.words(record, 8), 'OwnerId', 'u'),
       'delta', staging.bucket(record::text), now(), CASE WHEN record % 10 <> 0 THEN 'sf:1:' || record END,
       CASE WHEN record % 10 = 0 THEN 'ignored' WHEN record % 97 = 0 THEN 'planned' ELSE 'unchanged' END,
       CASE WHEN record % 10 = 0 THEN (ARRAY['S2', 'C2', 'I1'])[1 + record % 3] WHEN record % 97 = 0 THEN 'C1' ELSE 'G1' END
FROM sight
ON CONFLICT DO NOTHING;
INSERT INTO staging.sales_connect_task (
    run_id, remote_id, presence, version, modified_at, title, status, priority, due_date, details, owner, payload, source, bucket,
    staged_at, link_id, disposition, rule
)
SELECT run_id, CASE WHEN record % 30 = 0 THEN 'x' || record ELSE record::text END, 'live', now(), now(),
       pg_temp.words(record, 1), 'open', 'normal', current_date, pg_temp.words(record, 8), 'u' || pg_temp.dice(record, 200),
       json_build_object('id', record, 'title', pg_temp.words(record, 1), 'details', pg_temp.words(record, 8), 'owner', 'u'),
       'delta', staging.bucket(record::text), now(), CASE WHEN record % 30 <> 0 THEN 'sf:1:' || record END,
       CASE WHEN record % 30 = 0 THEN 'ignored' WHEN record % 97 = 0 THEN 'planned' ELSE 'unchanged' END,
       CASE WHEN record % 30 = 0 THEN (ARRAY['S2', 'I2', 'I5'])[1 + record % 3] WHEN record % 97 = 0 THEN 'C1' ELSE 'G1' END
FROM sight
ON CONFLICT DO NOTHING;

INSERT INTO bridge.approval (kind, state, run_id, requested_at, answer, answered_by, answered_at)
SELECT (ARRAY['delete', 'create', 'owner'])[1 + n % 3], CASE WHEN n > 118 THEN 'open' WHEN n % 9 = 0 THEN 'obsolete' ELSE 'carried_out' END,
       n * pg_temp.size('runs') / 120, now() - (120 - n) * interval '3 days',
       CASE WHEN n <= 118 AND n % 9 <> 0 THEN 'approved' END, CASE WHEN n <= 118 AND n % 9 <> 0 THEN 'ada' END, now()
FROM generate_series(1, 120) n;
INSERT INTO bridge.approval_row (approval_id, link_id, side, op, remote_id, rule, mask, title, outcome)
SELECT a.approval_id, 'sf:1:' || n, 'salesforce', 'delete', '00T' || lpad(n::text, 15, '0'), 'C1,G3', 0, pg_temp.words(n, 1),
       CASE WHEN a.state = 'carried_out' THEN (ARRAY['done', 'done', 'done', 'left_out'])[1 + n % 4] END
FROM bridge.approval a
CROSS JOIN LATERAL generate_series(1, CASE WHEN a.state = 'open' THEN pg_temp.size('held') / 2 ELSE pg_temp.size('held') / 3 END) n;
INSERT INTO bridge.drift (run_id, class, tasks, link_id, field, value_sc, value_sf, sc_user_id, title)
SELECT r.run_id, CASE n WHEN 0 THEN 'in_step' ELSE (ARRAY['differs', 'missing', 'subject', 'half'])[1 + n % 4] END,
       CASE n WHEN 0 THEN pg_temp.size('pairs') ELSE 1 END, CASE WHEN n > 0 THEN 'sf:1:' || n END,
       CASE WHEN n > 0 AND n % 4 = 0 THEN 'status' END, 'ours', 'theirs', 'u' || n % 150, pg_temp.words(n, 1)
FROM (SELECT run_id FROM bridge.run WHERE mode = 'audit' ORDER BY run_id DESC LIMIT 12) r
CROSS JOIN generate_series(0, pg_temp.size('held')) n;
INSERT INTO bridge.left_out (run_id, link_id, side, field, code, reason)
SELECT run_id, link_id, side, 'status', 'MOVED', 'It was edited since' FROM bridge.action WHERE state IN ('stale', 'dead');
INSERT INTO bridge.api_usage (run_id, day, side, kind, calls, forecast)
SELECT r.run_id, r.opened_at::date, s.side, k.kind, 1 + r.run_id % 3, 2
FROM bridge.run r
CROSS JOIN bridge.side_state s
CROSS JOIN (VALUES ('query'), ('write'), ('look_up')) k (kind)
WHERE r.opened_at > now() - interval '14 days' AND (k.kind = 'query' OR r.run_id % 3 = 0);
INSERT INTO bridge.api_usage (run_id, day, side, kind, calls, forecast)
SELECT NULL, current_date - n, s.side, k.kind, 2000, 2100
FROM generate_series(0, 364) n
CROSS JOIN bridge.side_state s
CROSS JOIN (VALUES ('login'), ('query'), ('write'), ('look_up')) k (kind);
INSERT INTO bridge.api_allowance (run_id, side, calls_left, allocation, told_at)
SELECT r.run_id, s.side, 14000, 15000, r.opened_at
FROM bridge.run r
CROSS JOIN bridge.side_state s
WHERE r.opened_at > now() - interval '14 days';

INSERT INTO bridge.freshness (hour, side, sc_user_id, seconds)
SELECT date_trunc('hour', now(), 'UTC') - (n / 40) * interval '1 hour', CASE WHEN n % 2 = 0 THEN 'sales_connect' ELSE 'salesforce' END,
       'u' || 5 * (n % 40), ARRAY[20 + pg_temp.dice(n, 60), 15, 70, 31, 44]::real[]
FROM generate_series(1, pg_temp.size('runs') / 2) n;
