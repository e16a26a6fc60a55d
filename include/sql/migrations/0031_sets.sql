CREATE FUNCTION bridge.decided(run bigint) RETURNS TABLE (link_id text, anew boolean)
LANGUAGE sql STABLE
BEGIN ATOMIC
    SELECT ended.link_id,
           ended.disposition NOT IN ('deferred', 'dead_letter')
           AND NOT (ended.disposition = 'held' AND coalesce(ended.rule, '') IN ('C5', 'G4'))
    FROM (
        SELECT s.link_id, s.disposition, s.rule FROM staging.sales_connect_task s WHERE s.run_id = run
        UNION ALL
        SELECT s.link_id, s.disposition, s.rule FROM staging.salesforce_task s WHERE s.run_id = run
    ) ended
    WHERE ended.disposition IS NOT NULL AND ended.link_id IS NOT NULL;
END;
COMMENT ON FUNCTION bridge.decided(bigint) IS
    'The pairs of a run''s staged rows, a row each, once its plan is stored; anew: the row was decided, not left waiting, unreadable or not found.';

CREATE INDEX conflict_run ON bridge.conflict (run_id);
CREATE INDEX dead_letter_run ON bridge.dead_letter (run_id);

