ALTER TABLE bridge.run ADD COLUMN settings jsonb NOT NULL DEFAULT '{}';
COMMENT ON COLUMN bridge.run.settings IS 'The settings it was opened with, which it keeps to its end';

CREATE TABLE bridge.waiting_run (
    run_key text PRIMARY KEY,
    since timestamptz NOT NULL DEFAULT clock_timestamp(),
    seen_at timestamptz NOT NULL DEFAULT clock_timestamp()
);
COMMENT ON TABLE bridge.waiting_run IS
    'One row is a run that waits for the lease; who has waited longest is next.';
COMMENT ON COLUMN bridge.waiting_run.run_key IS 'The run that waits';
COMMENT ON COLUMN bridge.waiting_run.since IS 'When it first asked';
COMMENT ON COLUMN bridge.waiting_run.seen_at IS 'When it last asked; one that has not for a minute is passed over';
COMMENT ON COLUMN bridge.run.run_key IS
    'Unique name: DAG id, DAG run id and, behind an @, the Airflow installation (its Variable taskbridge_installation)';

CREATE DOMAIN bridge.person AS text NOT NULL CHECK (VALUE ~ '\S');
COMMENT ON DOMAIN bridge.person IS 'Who did something by hand. The role of a connection is shared, and says nothing of it.';

DROP FUNCTION bridge.break_lease(text);
CREATE FUNCTION bridge.break_lease(reason text, by bridge.person) RETURNS text
LANGUAGE sql
BEGIN ATOMIC
    UPDATE bridge.run
    SET notes = notes || ('the lease was broken by ' || break_lease.by || ': ' || reason)
    WHERE run_key = (SELECT run_key FROM bridge.lease WHERE name = 'sync');
    WITH held AS (SELECT name, run_key FROM bridge.lease WHERE name = 'sync' FOR UPDATE)
    UPDATE bridge.lease l
    SET run_key = NULL, expires_at = NULL, fencing = l.fencing + 1
    FROM held
    WHERE l.name = held.name
    RETURNING coalesce('broken: the lease of ' || held.run_key, 'nobody held the lease');
END;
COMMENT ON FUNCTION bridge.break_lease IS
    'Takes the lease from a dead run at once and says whose it was. That run can write no more; reason and person are kept in its notes.';

DROP FUNCTION bridge.settle_create(text, text);
CREATE FUNCTION bridge.settle_create(action text, by bridge.person, copy text DEFAULT NULL) RETURNS text
LANGUAGE sql
BEGIN ATOMIC
    WITH given AS (
        SELECT a.action_id,
               CASE a.side WHEN 'salesforce' THEN bridge.salesforce_id(settle_create.copy) ELSE settle_create.copy END AS record
        FROM bridge.action a
        WHERE a.action_id = settle_create.action
          AND a.op = 'create'
          AND a.state = 'sent'
          AND a.code = 'CREATE_UNCLEAR'
    ),
    told AS (
        UPDATE bridge.action a
        SET remote_id = g.record,
            state = CASE WHEN g.record IS NULL THEN 'retry' ELSE 'sent' END,
            answered_at = CASE WHEN g.record IS NULL THEN now() END,
            message = 'settled by ' || settle_create.by || ': ' || coalesce('it is ' || g.record, 'it was not created')
        FROM given g
        WHERE a.action_id = g.action_id
          AND NOT EXISTS (SELECT FROM bridge.link l WHERE g.record IN (l.sc_id, l.sf_id))
        RETURNING a.message
    )
    SELECT coalesce(
        (SELECT message FROM told),
        'nothing was changed: ' || settle_create.action || ' is no create in doubt, or the record is in a pair already'
    );
END;
COMMENT ON FUNCTION bridge.settle_create IS
    'What a person knows of a create in doubt (code CREATE_UNCLEAR): the id of the record that it made, or, without an id, that it made none and is to be repeated. The next run follows; the message of the action names the person.';

ALTER TABLE bridge.side_state ADD COLUMN resumed_by text;
COMMENT ON COLUMN bridge.side_state.resumed_by IS 'Who last asked for a login before its time';
DROP FUNCTION bridge.resume_side(text);
CREATE FUNCTION bridge.resume_side(of_side text, by bridge.person) RETURNS text
LANGUAGE sql
BEGIN ATOMIC
    WITH due AS (
        UPDATE bridge.side_state
        SET next_attempt_at = now(), resumed_by = resume_side.by
        WHERE side = of_side AND state = 'paused'
        RETURNING side
    )
    SELECT coalesce((SELECT side || ': the next run logs in' FROM due), of_side || ' is not paused');
END;
COMMENT ON FUNCTION bridge.resume_side IS
    'Lets the next run log in to a side that is paused after refused credentials, without waiting for its next attempt; keeps who wanted it.';
