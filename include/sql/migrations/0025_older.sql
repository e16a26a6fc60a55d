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
COMMENT ON FUNCTION bridge.pairs_in_doubt IS
    'Pairs of which a listing shows a record in an older version than before (G9), and ended ones whose deleted record it shows live (C7): only a look-up by id tells what is there.';
