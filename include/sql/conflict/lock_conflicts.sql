-- The conflicts that a person decides, as they are now; no run changes them meanwhile
SELECT conflict_id, link_id, field, winner, decided_at, dry_run
FROM bridge.conflict
WHERE conflict_id = ANY(:conflict_ids)
ORDER BY conflict_id
FOR UPDATE
