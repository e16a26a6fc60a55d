-- What a write of ours replaced, or the record that it removed (K5). Parameters: action_id, bits (of the fields that are wanted)
SELECT 'action ' || a.action_id AS what, a.link_id, a.side, a.op = 'delete' AS whole,
       a.mask & CAST(:bits AS integer) AS mask,
       a.seen_title AS title, a.seen_status AS status, a.seen_priority AS priority, a.seen_due_date AS due_date, a.seen_details AS details, a.seen_owner AS owner,
       k.person,
       CASE WHEN a.op = 'create' OR a.state <> 'done' OR (a.outcome = 'gone' AND k.action_id IS NULL)
                OR (a.op = 'update' AND a.mask & CAST(:bits AS integer) = 0) THEN 'NOTHING_LOST' END AS code,
       CASE WHEN a.state <> 'done' THEN 'it was not carried out (' || a.state || ')'
            WHEN a.op = 'create' THEN 'a create replaces nothing'
            WHEN a.op = 'delete' THEN 'the record had been deleted before'
            ELSE 'it did not write that field' END AS reason
FROM bridge.action a
LEFT JOIN bridge.kept k USING (action_id)
WHERE a.action_id = :action_id
