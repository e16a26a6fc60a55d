-- What was contested in a pair, the latest first
SELECT conflict_id, run_id, field, rule, winner, value_sc, value_sf, found_at, decided_at, restored_at
FROM bridge.conflict
WHERE link_id = :link_id AND NOT dry_run
ORDER BY conflict_id DESC
