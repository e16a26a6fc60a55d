CREATE FUNCTION bridge.decided(run bigint) RETURNS TABLE (link_id text, disposition text, rule text)
LANGUAGE sql STABLE
BEGIN ATOMIC
    SELECT s.link_id, s.disposition, s.rule FROM staging.sales_connect_task s
    WHERE s.run_id = run AND s.disposition IS NOT NULL AND s.link_id IS NOT NULL
    UNION ALL
    SELECT s.link_id, s.disposition, s.rule FROM staging.salesforce_task s
    WHERE s.run_id = run AND s.disposition IS NOT NULL AND s.link_id IS NOT NULL;
END;
COMMENT ON FUNCTION bridge.decided(bigint) IS
    'Where the staged rows of pairs ended in a run: what its plan has decided anew.';

CREATE INDEX conflict_run ON bridge.conflict (run_id);
CREATE INDEX dead_letter_run ON bridge.dead_letter (run_id);

