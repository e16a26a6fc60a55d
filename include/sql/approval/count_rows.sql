-- What a request asks for in numbers, by doubt, system, operation, user and campaign
SELECT w.doubt, w.side, w.op, coalesce(u.name, u.email, w.sc_user_id, '(nobody)') AS owner, l.sc_campaign_name AS campaign,
       count(*) AS rows
FROM bridge.approval_row w
LEFT JOIN bridge.link l USING (link_id)
LEFT JOIN bridge.user_map u ON u.sc_user_id = w.sc_user_id
WHERE w.approval_id = CAST(:approval_id AS bigint)
GROUP BY 1, 2, 3, 4, 5
ORDER BY count(*) DESC, 1, 2, 3, 4, 5
