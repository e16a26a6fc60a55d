-- Take the attempt that is due, so that nobody else makes it too; no row when none is
UPDATE bridge.side_state
SET next_attempt_at = now() + CAST(:rest AS interval)
WHERE side = :side AND state = 'paused' AND next_attempt_at <= now()
