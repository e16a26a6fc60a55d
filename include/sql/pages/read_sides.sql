-- Both systems for the overview: paused or not, up to where they are read, what they last told of calls
SELECT s.side, s.state, s.reason, s.since, s.next_attempt_at, i.identity, w.position AS read_until, w.moved_at,
       c.breaches, a.calls_left, a.allocation, a.told_at, used.calls_today
FROM bridge.side_state s
LEFT JOIN bridge.side_identity i USING (side)
LEFT JOIN bridge.watermark w USING (side)
LEFT JOIN bridge.contract c USING (side)
LEFT JOIN LATERAL (
    SELECT calls_left, allocation, told_at FROM bridge.api_allowance
    WHERE side = s.side ORDER BY kept_at DESC LIMIT 1
) a ON true
LEFT JOIN LATERAL (
    SELECT sum(calls)::bigint AS calls_today FROM bridge.api_usage
    WHERE side = s.side AND day = CAST(now() AT TIME ZONE 'UTC' AS date)
) used ON true
ORDER BY s.side = 'salesforce'
