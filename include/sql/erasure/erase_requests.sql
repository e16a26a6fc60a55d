-- Rows of requests that are over. Parameters: pairs
DELETE FROM bridge.approval_row w
USING bridge.approval a
WHERE w.link_id = ANY(:pairs) AND a.approval_id = w.approval_id AND a.finished_at IS NOT NULL
  AND NOT (w.wanted AND w.outcome = 'left_out')
