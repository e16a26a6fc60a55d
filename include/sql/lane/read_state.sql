-- What the event lane goes by: of each side how far it was read and whether it is paused; whether a run is under way, which was the last, and whether anything waits for the next
SELECT s.side, s.state = 'paused' AS paused, w.position, r.run_id,
       EXISTS (
         SELECT FROM bridge.lease WHERE run_key IS NOT NULL AND expires_at > clock_timestamp()
       ) AS busy,
       EXISTS (
         SELECT FROM bridge.link WHERE (dirty OR state = 'pending') AND coalesce(look_again_at, now()) <= now()
       ) OR EXISTS (SELECT FROM bridge.decision WHERE state = 'open') AS due
FROM bridge.side_state s
LEFT JOIN bridge.watermark w USING (side)
LEFT JOIN LATERAL (SELECT run_id FROM bridge.run ORDER BY run_id DESC LIMIT 1) r ON true
