-- What users who are back had missed was read by this run (S2); a first sync is settled when none of its creates is left open (I1)
WITH caught_up AS (
    SELECT u.sc_user_id, u.first_sync = 'owed' AND NOT EXISTS (
        SELECT FROM bridge.action a
        WHERE a.sc_user_id = u.sc_user_id
          AND a.op = 'create'
          AND ((a.run_id = :run_id AND a.state IN ('planned', 'retry', 'held')) OR a.state = 'sent')
    ) AS settled
    FROM bridge.user_map u
    WHERE u.state = 'synced' AND (u.first_sync = 'owed' OR u.unread_since_sc IS NOT NULL)
)
UPDATE bridge.user_map u
SET unread_since_sc = NULL,
    unread_since_sf = NULL,
    first_sync = CASE WHEN c.settled THEN 'settled' ELSE u.first_sync END
FROM caught_up c
WHERE u.sc_user_id = c.sc_user_id AND (c.settled OR u.unread_since_sc IS NOT NULL)
