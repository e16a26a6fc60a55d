-- Purpose: keep whether a system honours a condition on an update
-- Parameters: side, honoured
-- Caller: store/contracts.py
UPDATE bridge.contract
SET conditional_updates = CAST(:honoured AS boolean), conditional_seen_at = now()
WHERE side = :side
