-- What a look before a run goes by: of each side how far it was read, when, and whether it is paused; whether a run is under way, which was the last and what came of it, and whether anything waits for the next
SELECT s.side, s.state = 'paused' AS paused, w.position, r.run_id, r.settings_fingerprint,
       coalesce(
         w.run_id = r.run_id AND r.outcome IN ('clean', 'held') AND r.counts -> 'actions' = '{}', false
       ) AS at_rest,
       min(w.moved_at) OVER () AS read_at,
       extract(epoch FROM clock_timestamp() - min(w.moved_at) OVER ())::float8 AS age,
       EXISTS (
         SELECT FROM bridge.lease WHERE run_key IS NOT NULL AND expires_at > clock_timestamp()
       ) AS busy,
       EXISTS (
         SELECT FROM bridge.link WHERE (dirty OR state = 'pending') AND coalesce(look_again_at, now()) <= now()
       ) OR EXISTS (SELECT FROM bridge.decision WHERE state = 'open')
       OR EXISTS (
         SELECT FROM bridge.user_map u
         WHERE u.state = 'synced' AND u.first_sync = 'owed'
           AND NOT EXISTS (SELECT FROM staging.first_sync f WHERE f.sf_user_id = u.sf_user_id AND f.run_id = r.run_id)
       ) AS due
FROM bridge.side_state s
LEFT JOIN bridge.watermark w USING (side)
LEFT JOIN LATERAL (SELECT * FROM bridge.run ORDER BY run_id DESC LIMIT 1) r ON true
