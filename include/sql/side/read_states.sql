-- Each side: paused or not, whether its next login is due, and the fields that it was found not to have
SELECT side, state = 'paused' AS paused, reason, since, next_attempt_at, next_attempt_at <= now() AS due, lacking
FROM bridge.side_state
