-- An answered request is carried out when every row has its outcome
UPDATE bridge.approval r
SET state = 'carried_out', finished_at = clock_timestamp(), carried_out_run_id = :run_id
WHERE r.state = 'answered'
  AND NOT EXISTS (SELECT FROM bridge.approval_row w WHERE w.approval_id = r.approval_id AND w.outcome IS NULL)
