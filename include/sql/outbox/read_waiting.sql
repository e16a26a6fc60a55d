-- Since when the oldest change that a run has not written has waited, by side (G7)
SELECT a.side, min(coalesce(a.waiting_since, r.opened_at)) AS since
FROM bridge.action a
JOIN bridge.run r USING (run_id)
WHERE a.run_id = :run_id AND a.state = 'planned'
GROUP BY a.side
ORDER BY a.side
