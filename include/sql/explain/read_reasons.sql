-- Why a record or a pair is not in sync, and what helps. Parameters: task, link_id (null: a record in no pair)
SELECT side, remote_id, title, owner_name, rule, explanation, remedy, since
FROM mart.not_synced
WHERE link_id = :link_id
   OR (CAST(:link_id AS text) IS NULL AND remote_id IN (:task, bridge.salesforce_id(:task)))
ORDER BY since, side
