-- The last 24 hours: what was written, and within how many seconds 95 % of the changes were on the other side
SELECT hour, coalesce(to_sc, 0) AS to_sc, coalesce(to_sf, 0) AS to_sf, waited
FROM generate_series(
    date_trunc('hour', now(), 'UTC') - interval '23 hours', date_trunc('hour', now(), 'UTC'), interval '1 hour'
) hour
LEFT JOIN (
    SELECT date_trunc('hour', opened_at, 'UTC') AS hour,
           coalesce(sum((counts #>> '{actions,sales_connect,create,done}')::bigint), 0)
           + coalesce(sum((counts #>> '{actions,sales_connect,update,done}')::bigint), 0)
           + coalesce(sum((counts #>> '{actions,sales_connect,delete,done}')::bigint), 0) AS to_sc,
           coalesce(sum((counts #>> '{actions,salesforce,create,done}')::bigint), 0)
           + coalesce(sum((counts #>> '{actions,salesforce,update,done}')::bigint), 0)
           + coalesce(sum((counts #>> '{actions,salesforce,delete,done}')::bigint), 0) AS to_sf
    FROM bridge.run
    WHERE opened_at > now() - interval '25 hours' AND NOT dry_run
    GROUP BY 1
) written USING (hour)
LEFT JOIN (
    SELECT f.hour, round(percentile_cont(0.95) WITHIN GROUP (ORDER BY taken))::bigint AS waited
    FROM bridge.freshness f
    CROSS JOIN unnest(f.seconds) taken
    WHERE f.hour > now() - interval '25 hours'
    GROUP BY f.hour
) fresh USING (hour)
ORDER BY hour
