-- The last 24 hours: what was written, and how long a change had to wait at most, that is, from the beginning of one run
-- that read everything new to the end of the next one
WITH finished AS (
    SELECT opened_at, closed_at, counts, lag(opened_at) OVER (ORDER BY opened_at) AS before
    FROM bridge.run
    WHERE opened_at > now() - interval '25 hours' AND NOT dry_run AND mode IN ('scheduled', 'manual')
      AND outcome IN ('clean', 'conflicts', 'partial', 'held') AND window_start IS NULL AND users = '{}'
)
SELECT hour, coalesce(to_sc, 0) AS to_sc, coalesce(to_sf, 0) AS to_sf, waited
FROM generate_series(date_trunc('hour', now()) - interval '23 hours', date_trunc('hour', now()), interval '1 hour') hour
LEFT JOIN (
    SELECT date_trunc('hour', opened_at) AS hour,
           coalesce(sum((counts #>> '{actions,sales_connect,create,done}')::bigint), 0)
           + coalesce(sum((counts #>> '{actions,sales_connect,update,done}')::bigint), 0)
           + coalesce(sum((counts #>> '{actions,sales_connect,delete,done}')::bigint), 0) AS to_sc,
           coalesce(sum((counts #>> '{actions,salesforce,create,done}')::bigint), 0)
           + coalesce(sum((counts #>> '{actions,salesforce,update,done}')::bigint), 0)
           + coalesce(sum((counts #>> '{actions,salesforce,delete,done}')::bigint), 0) AS to_sf,
           round(extract(epoch FROM max(closed_at - before)))::bigint AS waited
    FROM finished
    GROUP BY 1
) told USING (hour)
ORDER BY hour
