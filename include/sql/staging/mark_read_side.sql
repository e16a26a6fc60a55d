-- A record that was read by id is not asked for again in this run. Parameters: run_id; reads incoming_{side}
UPDATE staging.{side}_task s
SET source = 'by_id'
FROM incoming_{side} i
WHERE s.run_id = :run_id AND s.remote_id = i.remote_id AND s.source <> 'by_id'
