-- What audits found of these tasks, and what was asked for and not done. Parameters: pairs
WITH left_out AS (
    DELETE FROM bridge.left_out WHERE link_id = ANY(:pairs)
)
DELETE FROM bridge.drift WHERE link_id = ANY(:pairs)
