-- What TaskBridge wrote to a pair, the latest first; a record that it made or deleted is one row
-- Parameters: link_id, lines
SELECT written_at, run_id, side, op, field, before, after, rule, action_id
FROM mart.change_log
WHERE link_id = :link_id AND (op = 'update' OR field = 'title')
ORDER BY written_at DESC, action_id DESC
LIMIT :lines
