-- Which open or left-out rows are still held, of the pairs that this plan decided anew
UPDATE bridge.approval_row w
SET wanted = now.held
FROM (
    SELECT w.row_id, EXISTS (
        SELECT FROM bridge.action a
        WHERE a.run_id = :run_id AND a.state = 'held' AND a.asks = r.kind
          AND a.link_id = w.link_id AND a.side = w.side
          AND (a.approval_id = w.approval_id OR w.outcome = 'left_out')
    ) AS held
    FROM bridge.approval r
    JOIN bridge.approval_row w USING (approval_id)
    WHERE ((r.state = 'open' AND w.outcome IS NULL) OR (w.outcome = 'left_out' AND w.wanted))
      -- No sync makes Subjects anew, so that it plans none says nothing.
      AND r.kind <> 'subject'
      AND w.link_id IN (SELECT d.link_id FROM bridge.decided(:run_id) d WHERE d.anew)
) now
WHERE w.row_id = now.row_id AND w.wanted <> now.held
