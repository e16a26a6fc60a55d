CREATE FUNCTION bridge.resume_side(of_side text) RETURNS text
LANGUAGE sql
BEGIN ATOMIC
    WITH due AS (
        UPDATE bridge.side_state
        SET next_attempt_at = now()
        WHERE side = of_side AND state = 'paused'
        RETURNING side
    )
    SELECT coalesce((SELECT side || ': the next run logs in' FROM due), of_side || ' is not paused');
END;
COMMENT ON FUNCTION bridge.resume_side IS
    'Lets the next run log in to a side that is paused after refused credentials, without waiting for its next attempt.';
