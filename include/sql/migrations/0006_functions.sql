-- What several statements ask, and what people call.
CREATE FUNCTION staging.supersedes(
    new_presence text, new_version timestamptz, old_presence text, old_version timestamptz
) RETURNS boolean
LANGUAGE sql IMMUTABLE
RETURN CASE
    WHEN new_presence = 'absent' THEN old_presence <> 'deleted'
    WHEN old_presence = 'absent' THEN true
    WHEN new_presence = 'live' AND old_presence = 'deleted'
        THEN coalesce(new_version, '-infinity') > coalesce(old_version, 'infinity')
    WHEN new_presence = 'deleted' AND old_presence = 'live'
        THEN coalesce(new_version, 'infinity') >= coalesce(old_version, '-infinity')
    ELSE coalesce(new_version, '-infinity') >= coalesce(old_version, '-infinity')
END;
COMMENT ON FUNCTION staging.supersedes IS 'Whether a new sight of a record replaces the one that a run has: the newer version does; a delete stays against a live row of the same or an older version; "absent" never replaces a delete.';

CREATE FUNCTION bridge.is_deliberate(run bigint) RETURNS boolean
LANGUAGE sql STABLE
RETURN (SELECT r.mode NOT IN ('scheduled', 'manual', 'backfill') FROM bridge.run r WHERE r.run_id = run);
COMMENT ON FUNCTION bridge.is_deliberate IS 'Whether a run does one thing that a person asked for; it reads the pairs in bridge.run_pair and no others.';

CREATE FUNCTION bridge.salesforce_id(given text) RETURNS text
LANGUAGE sql IMMUTABLE
RETURN CASE WHEN given !~ '^[A-Za-z0-9]{15}$' THEN given ELSE given || (
    SELECT string_agg(substr('ABCDEFGHIJKLMNOPQRSTUVWXYZ012345', 1 + sums.bits, 1), '' ORDER BY sums.part)
    FROM (
        SELECT part, sum(CASE WHEN ascii(substr(given, part * 5 + place + 1, 1)) BETWEEN 65 AND 90 THEN 1 << place ELSE 0 END)::integer AS bits
        FROM generate_series(0, 2) part
        CROSS JOIN generate_series(0, 4) place
        GROUP BY part
    ) sums
) END;
COMMENT ON FUNCTION bridge.salesforce_id IS 'The 18-character form of a Salesforce record id of 15; anything else as it is.';

CREATE FUNCTION bridge.pair_of(task text) RETURNS text
LANGUAGE sql STABLE
-- The first that finds one: each look-up is made only if those before it found nothing.
RETURN coalesce(
    (SELECT link_id FROM bridge.link WHERE link_id = regexp_replace(task, '^tb:(.*):[0-9]+$', '\1')),
    (SELECT link_id FROM bridge.link WHERE sf_id = bridge.salesforce_id(task)),
    (SELECT link_id FROM bridge.link WHERE sc_id = task),
    (
        SELECT link_id FROM bridge.kept
        WHERE remote_id IN (task, bridge.salesforce_id(task))
        ORDER BY kept_id DESC
        LIMIT 1
    ),
    (
        SELECT link_id FROM bridge.action
        WHERE state = 'done' AND remote_id IN (task, bridge.salesforce_id(task))
        ORDER BY run_id DESC
        LIMIT 1
    )
);
COMMENT ON FUNCTION bridge.pair_of IS 'The pair of a task, by its name or marker, by a Sales Connect id or a Salesforce id of 15 or 18 characters; also by the id of a record that the pair no longer has. Null when no pair ever had it.';

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
COMMENT ON FUNCTION bridge.break_lease IS 'Takes the lease from a dead run at once and says whose it was. That run can write no more; reason and person are kept in its notes.';

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
COMMENT ON FUNCTION bridge.settle_create IS 'What a person knows of a create in doubt (code CREATE_UNCLEAR): the id of the record that it made, or, without an id, that it made none and is to be repeated. The next run follows; the message of the action names the person.';

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
COMMENT ON FUNCTION bridge.resume_side IS 'Lets the next run log in to a side that is paused after refused credentials, without waiting for its next attempt; keeps who wanted it.';

CREATE FUNCTION bridge.pairs_in_doubt(run bigint) RETURNS TABLE (link_id text)
LANGUAGE sql STABLE
BEGIN ATOMIC
    SELECT l.link_id
    FROM staging.sales_connect_task s
    JOIN bridge.link l ON l.sc_id = s.remote_id
    WHERE s.run_id = run AND s.version < l.sc_version AND NOT bridge.is_deliberate(run)
    UNION
    SELECT l.link_id
    FROM staging.salesforce_task s
    JOIN bridge.link l ON l.sf_id = s.remote_id
    WHERE s.run_id = run
      AND (s.version < l.sf_version
        OR (l.state = 'tombstone' AND s.presence = 'live' AND l.sf_deleted_id = l.sf_id))
      AND NOT bridge.is_deliberate(run);
END;
COMMENT ON FUNCTION bridge.pairs_in_doubt IS 'Pairs of which a listing shows a record in an older version than before (G9), and ended ones whose deleted record it shows live (C7): only a look-up by id tells what is there.';

CREATE FUNCTION bridge.perhaps_created(run bigint, certain_after interval) RETURNS TABLE (action_id text, side text)
LANGUAGE sql STABLE
BEGIN ATOMIC
    SELECT a.action_id, a.side
    FROM bridge.action a
    JOIN bridge.link l USING (link_id)
    WHERE a.state = 'retry' AND a.code = 'NOT_CREATED' AND a.run_id < run
      AND a.answered_at < a.sent_at + certain_after
      AND a.marker = 'tb:' || l.link_id || ':' || l.generation
      AND CASE a.side WHEN 'sales_connect' THEN l.sc_id ELSE l.sf_id END IS NULL
      -- The same create again finds the record itself.
      AND NOT EXISTS (
          SELECT FROM bridge.action b
          WHERE b.link_id = a.link_id AND b.side = a.side AND b.op = 'create' AND b.state IN ('planned', 'sent')
      );
END;
COMMENT ON FUNCTION bridge.perhaps_created IS 'Creates of earlier runs that were taken for lost, and looked for the last time before it was certain that nothing can come of them: their requests may have landed since, or what landed may only now be seen (G2). Once their pair has a record there they are settled.';

CREATE FUNCTION bridge.zone_of(told text) RETURNS text
LANGUAGE plpgsql STABLE
AS $$
DECLARE
    -- For these PostgreSQL knows an abbreviation without summer time, which it would take.
    moved constant jsonb := '{"cet": "Europe/Brussels", "met": "Europe/Brussels", "eet": "Europe/Athens", "wet": "Europe/Lisbon"}';
    -- Zones of one word; what else has no slash is an abbreviation or a POSIX rule, whose sign is the other way round.
    words constant text[] := string_to_array(
        'utc,gmt,uct,zulu,greenwich,universal,gmt0,gmt+0,gmt-0,est,mst,hst,est5edt,cst6cdt,mst7mdt,pst8pdt,cuba,egypt,eire,gb,'
        'gb-eire,hongkong,iceland,iran,israel,jamaica,japan,kwajalein,libya,navajo,nz,nz-chat,poland,portugal,prc,roc,rok,'
        'singapore,turkey,w-su', ','
    );
    zone text := coalesce(moved ->> lower(told), told);
BEGIN
    IF lower(zone) = ANY (words) OR (zone ~ '^[A-Za-z]+(/[A-Za-z0-9_+-]+)+$' AND zone !~* '^(posix|right|systemv)/') THEN
        PERFORM now() AT TIME ZONE zone;
        RETURN zone;
    END IF;
    RETURN 'UTC';
EXCEPTION WHEN invalid_parameter_value THEN
    RETURN 'UTC';
END
$$;
COMMENT ON FUNCTION bridge.zone_of IS 'The IANA time zone that a user''s setting names; UTC for anything else, such as UTC+12, an abbreviation, or a zone that the server does not know.';

CREATE FUNCTION bridge.today_in(zone text) RETURNS date
LANGUAGE sql STABLE
RETURN (now() AT TIME ZONE bridge.zone_of(zone))::date;
COMMENT ON FUNCTION bridge.today_in IS 'Today''s date in an IANA time zone; in UTC for what is none, so that one user''s setting does not break a view for all.';

CREATE FUNCTION bridge.pairs_to_read(run bigint) RETURNS TABLE (link_id text)
LANGUAGE sql STABLE
BEGIN ATOMIC
    WITH staged AS (
        -- both: UNION ALL
        SELECT l.link_id
        FROM staging.{side}_task s
        JOIN bridge.link l ON l.{half}_id = s.remote_id
        WHERE s.run_id = run AND (l.dirty OR l.state IN ('pending', 'released', 'missing', 'held'))
        -- end
    )
    SELECT l.link_id
    FROM bridge.link l
    WHERE (l.dirty OR l.state = 'pending')
      AND (l.look_again_at IS NULL OR l.look_again_at <= now())
      AND NOT bridge.is_deliberate(run)
    UNION
    SELECT staged.link_id FROM staged WHERE NOT bridge.is_deliberate(run)
    UNION
    SELECT d.link_id FROM bridge.pairs_in_doubt(run) d
    UNION
    -- Under other settings than the last run had, or by other code, what waits may be decided otherwise.
    SELECT l.link_id
    FROM bridge.link l
    WHERE (l.dirty OR l.state = 'pending') AND l.look_again_at IS NOT NULL
      AND NOT bridge.is_deliberate(run)
      AND (
        SELECT (last.settings_fingerprint, last.code_version) <> (this.settings_fingerprint, this.code_version)
        FROM bridge.run this
        JOIN bridge.run last ON last.run_id < this.run_id AND last.settled_at IS NOT NULL
        WHERE this.run_id = run
        ORDER BY last.run_id DESC
        LIMIT 1
      )
    UNION
    SELECT p.link_id FROM bridge.run_pair p WHERE p.run_id = run;
END;
COMMENT ON FUNCTION bridge.pairs_to_read IS 'Pairs whose records a run must read by id on both sides before it decides (G9): unfinished ones that do not merely wait, or whose next look is due; unfinished, released, missing or held ones of which a listing shows something new; what waits, under other settings or code than the last run had; pairs in doubt; of a deliberate run the pairs it is about.';

CREATE FUNCTION staging.last_sight(of_side text, record text) RETURNS TABLE (
    run_id bigint, presence text, version timestamptz, title text, status text, priority text, due_date date, details text,
    owner text, link_id text, disposition text, rule text
)
LANGUAGE sql STABLE
BEGIN ATOMIC
    -- both: UNION ALL
    (
        SELECT s.run_id, s.presence, s.version, s.title, s.status, s.priority, s.due_date, s.details, s.owner, s.link_id,
               s.disposition, s.rule
        FROM staging.{side}_task s
        WHERE of_side = '{side}' AND s.remote_id = record
          AND s.run_id NOT IN (SELECT run_id FROM bridge.run WHERE dry_run)
        ORDER BY s.run_id DESC
        LIMIT 1
    )
    -- end
    ;
END;
COMMENT ON FUNCTION staging.last_sight IS 'A record as the latest run that read it saw it, dry runs aside: one row, or none where staging has no sight of it. For many records mart.latest_staged.';

CREATE FUNCTION bridge.decided(run bigint) RETURNS TABLE (link_id text, anew boolean)
LANGUAGE sql STABLE
BEGIN ATOMIC
    SELECT ended.link_id, ended.disposition NOT IN ('waiting', 'deferred', 'dead_letter')
    FROM staging.seen ended
    WHERE ended.run_id = run AND ended.disposition IS NOT NULL AND ended.link_id IS NOT NULL;
END;
COMMENT ON FUNCTION bridge.decided IS 'The pairs of a run''s staged rows, a row each, once its plan is stored; anew: the row was decided, not left waiting, unreadable or not found.';
