ALTER TABLE bridge.link ADD COLUMN look_again_at timestamptz;
COMMENT ON COLUMN bridge.link.look_again_at IS
    'Of a pair that only waits (for an approval, a decision, a proof, or for somebody who mends a record): when its records are read by id again, unless it is answered or a listing shows something new of it before (G9). Null: in the next run';

CREATE OR REPLACE FUNCTION bridge.pairs_to_read(run bigint) RETURNS TABLE (link_id text)
LANGUAGE sql STABLE
BEGIN ATOMIC
    WITH staged AS (
        SELECT l.link_id
        FROM staging.sales_connect_task s
        JOIN bridge.link l ON l.sc_id = s.remote_id
        WHERE s.run_id = run AND (l.dirty OR l.state IN ('pending', 'released', 'missing', 'held'))
        UNION ALL
        SELECT l.link_id
        FROM staging.salesforce_task s
        JOIN bridge.link l ON l.sf_id = s.remote_id
        WHERE s.run_id = run AND (l.dirty OR l.state IN ('pending', 'released', 'missing', 'held'))
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
COMMENT ON FUNCTION bridge.pairs_to_read IS
    'Pairs whose records a run must read by id on both sides before it decides (G9): unfinished ones that do not merely wait, or whose next look is due; unfinished, released, missing or held ones of which a listing shows something new; what waits, under other settings or code than the last run had; pairs in doubt; of a deliberate run the pairs it is about.';
