-- The loser of a conflict: a value, or a record that was deleted although it had been edited (K4, K5)
SELECT 'conflict ' || c.conflict_id AS what, c.link_id,
       CASE WHEN c.field = 'record' THEN d.side
            WHEN c.winner = 'salesforce' THEN 'sales_connect'
            WHEN c.winner = 'sales_connect' THEN 'salesforce' END AS side,
       c.field = 'record' AS whole,
       CASE c.field WHEN 'title' THEN 1 WHEN 'status' THEN 2 WHEN 'priority' THEN 4
            WHEN 'due_date' THEN 8 WHEN 'details' THEN 16 WHEN 'owner' THEN 32 ELSE 0 END AS mask,
       CASE c.field WHEN 'title' THEN lost.value ELSE d.seen_title END AS title,
       CASE c.field WHEN 'status' THEN lost.value ELSE d.seen_status END AS status,
       CASE c.field WHEN 'priority' THEN lost.value ELSE d.seen_priority END AS priority,
       CASE c.field WHEN 'due_date' THEN CAST(lost.value AS date) ELSE d.seen_due_date END AS due_date,
       CASE c.field WHEN 'details' THEN lost.value ELSE d.seen_details END AS details,
       CASE c.field WHEN 'owner' THEN lost.value ELSE d.seen_owner END AS owner,
       d.person,
       CASE WHEN c.dry_run OR (c.field = 'record' AND d.side IS NULL) THEN 'NOTHING_LOST'
            WHEN c.winner IS NULL AND c.decided_at IS NULL THEN 'UNDECIDED'
            WHEN c.winner IS NULL THEN 'NOTHING_LOST' END AS code,
       CASE WHEN c.dry_run THEN 'a dry run found it and wrote nothing'
            WHEN c.field = 'record' AND d.side IS NULL THEN 'no record was deleted over it'
            WHEN c.winner IS NULL AND c.decided_at IS NULL THEN 'it waits for a decision; both values are there'
            WHEN c.winner IS NULL THEN 'it ended without a loser' END AS reason
FROM bridge.conflict c
LEFT JOIN LATERAL (
    SELECT a.side, k.person, a.seen_title, a.seen_status, a.seen_priority, a.seen_due_date, a.seen_details, a.seen_owner
    FROM bridge.action a
    LEFT JOIN bridge.kept k USING (action_id)
    WHERE c.field = 'record' AND a.link_id = c.link_id AND a.run_id >= c.run_id AND a.op = 'delete' AND a.state = 'done'
      AND (a.outcome <> 'gone' OR k.action_id IS NOT NULL)
    ORDER BY a.run_id, a.seq
    LIMIT 1
) d ON true
CROSS JOIN LATERAL (
    SELECT CASE c.winner WHEN 'salesforce' THEN c.value_sc WHEN 'sales_connect' THEN c.value_sf END AS value
    WHERE c.field <> 'record'
    UNION ALL
    SELECT NULL WHERE c.field = 'record'
) lost
WHERE c.conflict_id = CAST(:conflict_id AS bigint)
