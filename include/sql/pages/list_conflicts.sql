-- Contested fields, the newest first
-- Parameters: open (whether those that wait; else those that are over), before (number), lines
SELECT c.conflict_id, c.link_id, c.run_id, c.field, c.rule, c.winner, c.base_sc, c.base_sf, c.value_sc, c.value_sf, c.found_at,
       c.decided_at, c.restored_at, l.sc_id, l.sf_id, NULL AS remote_id, coalesce(l.sc_title, l.sf_title) AS title,
       l.sc_owner_now AS owner, u.name AS owner_name, e.explanation, e.remedy,
       d.state AS decision, d.winner AS decided_for, d.decided_by, d.decided_at AS decision_at
FROM bridge.conflict c
LEFT JOIN bridge.link l USING (link_id)
LEFT JOIN bridge.user_map u ON u.sc_user_id = l.sc_owner_now
LEFT JOIN mart.explanations e ON e.rule = c.rule
LEFT JOIN LATERAL (
    SELECT state, winner, decided_by, decided_at FROM bridge.decision
    WHERE conflict_id = c.conflict_id
       OR (run_id = c.run_id AND link_id = c.link_id AND field = c.field AND state = 'carried_out')
    ORDER BY decision_id DESC
    LIMIT 1
) d ON true
WHERE NOT c.dry_run
  AND (c.winner IS NULL AND c.decided_at IS NULL) = CAST(:open AS boolean)
  -- What was decided is told of the conflict that the run then settled, not of the one that waited.
  AND NOT (c.winner IS NULL AND c.decided_at IS NOT NULL AND coalesce(d.state = 'carried_out', false))
  AND (CAST(:before AS bigint) IS NULL OR c.conflict_id < :before)
ORDER BY c.conflict_id DESC
LIMIT :lines
