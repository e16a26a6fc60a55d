-- Decisions that this plan carries out, and those that came too late or for nothing (K3)
-- Parameters: run_id, link_id, field, winner (arrays: what this plan contests)
WITH judged AS (
    SELECT d.decision_id,
           CASE
               WHEN i.link_id IS NULL OR i.winner <> d.winner THEN 'unneeded'
               WHEN i.winner IS NULL THEN 'outdated'
               ELSE 'open'
           END AS state
    FROM bridge.decision d
    LEFT JOIN unnest(CAST(:link_id AS text[]), CAST(:field AS text[]), CAST(:winner AS text[])) AS i (link_id, field, winner)
        ON i.link_id = d.link_id AND i.field = d.field
    WHERE d.state = 'open'
      AND d.link_id IN (SELECT link_id FROM bridge.decided(:run_id) GROUP BY link_id HAVING bool_and(anew))
      AND NOT bridge.is_deliberate(:run_id)
)
UPDATE bridge.decision d
SET run_id = :run_id,
    state = j.state,
    closed_at = CASE WHEN j.state <> 'open' THEN now() END
FROM judged j
WHERE d.decision_id = j.decision_id
