-- Once what was broken is whole, let rows that were refused for a right or a field be tried again now
WITH freed AS (
    UPDATE bridge.dead_letter
    SET next_try_at = now()
    WHERE side = :side AND stage = 'load' AND resolved_at IS NULL AND code = ANY (:codes)
      AND EXISTS (SELECT FROM bridge.contract c WHERE c.side = :side AND cardinality(c.breaches) > 0)
    RETURNING link_id
)
UPDATE bridge.link SET look_again_at = NULL WHERE link_id IN (SELECT link_id FROM freed)
