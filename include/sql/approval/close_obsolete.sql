-- A request of which every row went away needs no answer any more
UPDATE bridge.approval r
SET state = 'obsolete', finished_at = clock_timestamp()
WHERE r.state = 'open'
  AND NOT EXISTS (SELECT FROM bridge.approval_row w WHERE w.approval_id = r.approval_id AND w.wanted)
