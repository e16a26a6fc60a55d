-- What creates bring back: the record of their pair that went away last, in full where a delete of ours removed it (K5)
WITH removed AS (
    SELECT k.*
    FROM bridge.kept k
    JOIN bridge.action d USING (action_id)
    WHERE k.side = CAST(:side AS text)
      AND k.link_id IN (SELECT link_id FROM bridge.action WHERE action_id = ANY(:action_ids))
      AND (k.reason = 'recreated' OR d.state = 'done')
)
SELECT DISTINCT ON (a.action_id)
    a.action_id, r.remote_id, r.reason = 'deleted' AS "full",
    r.type, r.campaign_name, r.campaign_day, r.campaign_step, r.call_outcome, r.call_reason,
    CAST(r.payload AS text) AS payload
FROM bridge.action a
JOIN removed r USING (link_id)
WHERE a.action_id = ANY(:action_ids)
  AND r.remote_id = (SELECT l.remote_id FROM removed l WHERE l.link_id = a.link_id ORDER BY l.kept_id DESC LIMIT 1)
ORDER BY a.action_id, r.reason = 'deleted' DESC, r.kept_id DESC
