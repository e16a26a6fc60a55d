-- Pause a side until its next login; one that is paused already stays so since then
UPDATE bridge.side_state
SET state = 'paused',
    reason = :reason,
    since = CASE state WHEN 'paused' THEN since ELSE now() END,
    next_attempt_at = now() + CAST(:rest AS interval)
WHERE side = :side
RETURNING reason, since, next_attempt_at, false AS due
