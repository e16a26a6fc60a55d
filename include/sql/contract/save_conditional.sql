-- Keep whether a system honours a condition on an update
UPDATE bridge.contract
SET conditional_updates = CAST(:honoured AS boolean), conditional_seen_at = now()
WHERE side = :side
