CREATE FUNCTION bridge.settle_create(action text, copy text DEFAULT NULL) RETURNS text
LANGUAGE sql
BEGIN ATOMIC
    WITH told AS (
        UPDATE bridge.action a
        SET remote_id = settle_create.copy,
            state = CASE WHEN settle_create.copy IS NULL THEN 'retry' ELSE 'sent' END,
            answered_at = CASE WHEN settle_create.copy IS NULL THEN now() END,
            message = 'settled by ' || current_user || ': '
                || coalesce('it is ' || settle_create.copy, 'it was not created')
        WHERE a.action_id = settle_create.action
          AND a.op = 'create'
          AND a.state = 'sent'
          AND a.code = 'CREATE_UNCLEAR'
          AND NOT EXISTS (
            SELECT FROM bridge.link l WHERE settle_create.copy IN (l.sc_id, l.sf_id)
          )
        RETURNING a.message
    )
    SELECT coalesce(
        (SELECT message FROM told),
        'nothing was changed: ' || settle_create.action || ' is no create in doubt, or the record is in a pair already'
    );
END;
COMMENT ON FUNCTION bridge.settle_create IS
    'What a person knows of a create in doubt (code CREATE_UNCLEAR): the id of the record that it made, or, without an id, that it made none and is to be repeated. The next run follows.';
COMMENT ON COLUMN staging.salesforce_task.marker IS
    'Marker of the record that it is a copy of, if TaskBridge created it (G2); "tb:" alone in an org without the marker field';
