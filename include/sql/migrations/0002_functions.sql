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
COMMENT ON FUNCTION staging.supersedes IS
    'Whether a new sight of a record replaces the one that a run has: the newer version does; a delete stays against a live row of the same or an older version; "absent" never replaces a delete.';

CREATE FUNCTION bridge.pairs_to_read(run bigint) RETURNS TABLE (link_id text)
LANGUAGE sql STABLE
BEGIN ATOMIC
    WITH staged AS (
        SELECT l.link_id, l.state, s.version > l.sc_version AS moved
        FROM staging.sales_connect_task s
        JOIN bridge.link l ON l.sc_id = s.remote_id
        WHERE s.run_id = run
        UNION ALL
        SELECT l.link_id, l.state, s.version > l.sf_version
        FROM staging.salesforce_task s
        JOIN bridge.link l ON l.sf_id = s.remote_id
        WHERE s.run_id = run
    )
    SELECT l.link_id
    FROM bridge.link l
    WHERE (l.dirty OR l.state = 'pending')
      AND NOT EXISTS (
        SELECT FROM bridge.dead_letter d
        WHERE d.link_id = l.link_id AND d.stage = 'load' AND d.resolved_at IS NULL AND d.next_try_at > now()
      )
    UNION
    SELECT staged.link_id
    FROM staged
    JOIN bridge.link l USING (link_id)
    WHERE staged.state IN ('released', 'missing', 'held') OR (staged.moved AND (l.dirty OR l.state = 'pending'));
END;
COMMENT ON FUNCTION bridge.pairs_to_read IS
    'Pairs whose records a run must read by id on both sides before it decides (G9): unfinished ones that are not parked, parked ones that moved, and released, missing or held ones that show up.';

CREATE FUNCTION bridge.today_in(zone text) RETURNS date
LANGUAGE plpgsql STABLE
AS $$
BEGIN
    RETURN (now() AT TIME ZONE coalesce(zone, 'UTC'))::date;
EXCEPTION WHEN invalid_parameter_value THEN
    RETURN (now() AT TIME ZONE 'UTC')::date;
END
$$;
COMMENT ON FUNCTION bridge.today_in IS
    'Today''s date in an IANA time zone; in UTC for a zone that the server does not know, so that one user''s setting does not break a view for all.';

CREATE FUNCTION bridge.break_lease(reason text) RETURNS text
LANGUAGE sql
BEGIN ATOMIC
    UPDATE bridge.run
    SET notes = notes || ('the lease was broken by ' || current_user || ': ' || reason)
    WHERE run_key = (SELECT run_key FROM bridge.lease WHERE name = 'sync');
    WITH held AS (SELECT name, run_key FROM bridge.lease WHERE name = 'sync' FOR UPDATE)
    UPDATE bridge.lease l
    SET run_key = NULL, expires_at = NULL, fencing = l.fencing + 1
    FROM held
    WHERE l.name = held.name
    RETURNING coalesce('broken: the lease of ' || held.run_key, 'nobody held the lease');
END;
COMMENT ON FUNCTION bridge.break_lease IS
    'Takes the lease from a dead run at once and says whose it was. That run can write no more; the reason is kept in its notes.';
