-- Both records of a pair as they are known now
-- Parameters: link_id
SELECT side, remote_id, title, status, priority, due_date, details, owner, deleted, version, last_run_id
FROM mart.tasks_current
WHERE link_id = :link_id
