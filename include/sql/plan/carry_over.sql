-- A change that takes the place of one that was never written waits since then, and goes first (G7)
UPDATE bridge.action a
SET waiting_since = w.since
FROM (
    SELECT link_id, side, min(waiting_since) AS since
    FROM bridge.action
    WHERE carried_to = :run_id
    GROUP BY link_id, side
) w
WHERE a.run_id = :run_id AND a.state = 'planned' AND a.link_id = w.link_id AND a.side = w.side
