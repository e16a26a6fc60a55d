-- Users who sync or could, with what is unfinished of theirs
-- Parameters: lines
SELECT u.sc_user_id, u.sf_user_id, u.name, u.email, u.time_zone, u.state, u.remedy, u.switched_on_sc, u.first_sync,
       coalesce(o.unfinished, 0) AS unfinished, o.oldest
FROM bridge.user_map u
LEFT JOIN (
    SELECT sc_owner_now, count(*) AS unfinished, min(dirty_since) AS oldest
    FROM bridge.link
    WHERE dirty OR state = 'pending' OR sc_written_at IS NOT NULL OR sf_written_at IS NOT NULL
    GROUP BY sc_owner_now
) o ON o.sc_owner_now = u.sc_user_id
ORDER BY u.state NOT IN ('ambiguous', 'refused', 'unmapped'), u.state <> 'synced', o.oldest NULLS LAST, u.name, u.sc_user_id
LIMIT :lines
