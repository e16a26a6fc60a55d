-- Some rows of a request with names that a person knows; of every user and campaign one before the second
-- Parameters: approval_id, samples (how many)
SELECT side, op, owner, title, status, due_date, mask, new_title, new_status, new_due_date, old_owner, new_owner
FROM (
    SELECT w.row_id, w.side, w.op, w.mask,
           coalesce(u.name, u.email, w.sc_user_id, '(nobody)') AS owner,
           CASE WHEN w.op = 'create' THEN w.title ELSE w.seen_title END AS title,
           CASE WHEN w.op = 'create' THEN w.status ELSE w.seen_status END AS status,
           CASE WHEN w.op = 'create' THEN w.due_date ELSE w.seen_due_date END AS due_date,
           w.title AS new_title, w.status AS new_status, w.due_date AS new_due_date,
           coalesce(n.name, n.email, w.owner) AS new_owner, coalesce(o.name, o.email, w.seen_owner) AS old_owner,
           row_number() OVER (PARTITION BY w.sc_user_id, l.sc_campaign_name ORDER BY w.row_id) AS nth
    FROM bridge.approval_row w
    LEFT JOIN bridge.link l USING (link_id)
    LEFT JOIN bridge.user_map u ON u.sc_user_id = w.sc_user_id
    LEFT JOIN bridge.user_map n ON w.mask & 32 <> 0
        AND n.sc_user_id = CASE w.side WHEN 'sales_connect' THEN w.owner
            ELSE (SELECT m.sc_user_id FROM bridge.user_map m WHERE m.sf_user_id = w.owner LIMIT 1) END
    LEFT JOIN bridge.user_map o ON w.mask & 32 <> 0
        AND o.sc_user_id = CASE w.side WHEN 'sales_connect' THEN w.seen_owner
            ELSE (SELECT m.sc_user_id FROM bridge.user_map m WHERE m.sf_user_id = w.seen_owner LIMIT 1) END
    WHERE w.approval_id = CAST(:approval_id AS bigint)
) shown
ORDER BY nth, row_id
LIMIT :samples
