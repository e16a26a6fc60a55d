-- The last sight of a record that is in no pair
SELECT side, remote_id, presence, title, disposition, rule, run_id
FROM mart.latest_staged
WHERE remote_id IN (:task, bridge.salesforce_id(:task))
ORDER BY run_id DESC
LIMIT 1
