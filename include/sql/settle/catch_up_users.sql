-- What users who are back had missed was read by this run (S2); a first sync is settled by the run whose turn it was in, when none of its creates is left open (I1)
WITH creating AS MATERIALIZED (
    SELECT DISTINCT sc_user_id
    FROM bridge.action
    WHERE op = 'create' AND ((run_id = :run_id AND state IN ('planned', 'retry', 'held')) OR state = 'sent')
)
UPDATE bridge.user_map u
SET unread_since_sc = NULL,
    unread_since_sf = NULL,
    first_sync = CASE WHEN c.settled THEN 'settled' ELSE u.first_sync END
FROM (
    SELECT sc_user_id,
           first_sync = 'owed'
             AND EXISTS (SELECT FROM staging.first_sync f WHERE f.sf_user_id = o.sf_user_id AND f.run_id = :run_id)
             AND NOT EXISTS (SELECT FROM creating c WHERE c.sc_user_id = o.sc_user_id) AS settled
    FROM bridge.user_map o
    WHERE state = 'synced' AND (first_sync = 'owed' OR unread_since_sc IS NOT NULL)
) c
WHERE u.sc_user_id = c.sc_user_id AND (c.settled OR u.unread_since_sc IS NOT NULL)
