-- What the ledger was built from, since when it counts, how far each side was read, and whether it has any pair
SELECT s.side, i.identity, i.ledger_started_at, w.position, w.previous, now() - r.opened_at AS age,
       EXISTS (SELECT FROM bridge.link) AS has_pairs
FROM bridge.side_state s
LEFT JOIN bridge.side_identity i USING (side)
LEFT JOIN bridge.watermark w USING (side)
LEFT JOIN bridge.run r USING (run_id)
