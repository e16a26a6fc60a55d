-- What was written lately, by kind and user, for the rolling limits (G3)
SELECT kinds.kind, a.sc_user_id,
       count(*) FILTER (WHERE a.answered_at > now() - interval '1 hour') AS within_hour,
       count(*) AS within_day
FROM bridge.action a
CROSS JOIN LATERAL unnest(string_to_array(a.kind, ',')) AS kinds(kind)
WHERE a.state = 'done' AND a.answered_at > now() - interval '24 hours' AND NOT a.first_import AND a.kind IS NOT NULL
GROUP BY kinds.kind, a.sc_user_id
ORDER BY kinds.kind, a.sc_user_id
