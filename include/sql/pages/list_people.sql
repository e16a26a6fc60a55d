-- Users who sync or could, with what is unfinished of theirs and how long their last changes took
-- Parameters: lines
SELECT u.sc_user_id, u.sf_user_id, u.name, u.email, u.time_zone, u.state, u.remedy, u.switched_on_sc, u.first_sync,
       coalesce(o.unfinished, 0) AS unfinished, o.oldest, f.took
FROM bridge.user_map u
LEFT JOIN (
    SELECT sc_owner_now, count(*) AS unfinished, min(dirty_since) AS oldest
    FROM bridge.link
    WHERE dirty OR state = 'pending' OR sc_written_at IS NOT NULL OR sf_written_at IS NOT NULL
    GROUP BY sc_owner_now
) o ON o.sc_owner_now = u.sc_user_id
LEFT JOIN LATERAL (
    -- Of their last hour with changes.
    SELECT round(max(p95))::bigint AS took FROM bridge.freshness
    WHERE sc_user_id = u.sc_user_id
      AND hour = (SELECT max(last.hour) FROM bridge.freshness last WHERE last.sc_user_id = u.sc_user_id)
) f ON true
ORDER BY u.state NOT IN ('ambiguous', 'refused', 'unmapped'), u.state <> 'synced', o.oldest NULLS LAST, u.name, u.sc_user_id
LIMIT :lines
