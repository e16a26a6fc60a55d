-- An open conflict of a pair whose fields were looked at anew without it is over
-- Parameters: run_id, link_id, field, winner (arrays: what this plan contests)
UPDATE bridge.conflict c
SET decided_at = now()
WHERE c.winner IS NULL AND c.decided_at IS NULL AND NOT c.dry_run
  AND c.link_id IN (SELECT link_id FROM bridge.decided(:run_id) GROUP BY link_id HAVING bool_and(anew))
  AND NOT bridge.is_deliberate(:run_id)
  AND NOT EXISTS (
    SELECT
    FROM unnest(CAST(:link_id AS text[]), CAST(:field AS text[]), CAST(:winner AS text[])) AS i (link_id, field, winner)
    WHERE i.link_id = c.link_id AND i.field = c.field AND i.winner IS NULL
  )
