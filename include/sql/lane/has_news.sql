-- Whether any of these versions was read by no run, is none of our writes, and is of a pair or of somebody who takes part
-- Parameters: side; remote_ids, stamps, owners, deleted: one row each
SELECT EXISTS (
    SELECT
    FROM unnest(
        CAST(:remote_ids AS text[]), CAST(:stamps AS timestamptz[]), CAST(:owners AS text[]), CAST(:deleted AS boolean[])
    ) AS shown (remote_id, at, owner, gone)
    LEFT JOIN bridge.half h ON h.side = :side AND h.remote_id = shown.remote_id
    WHERE CASE
        WHEN h.link_id IS NOT NULL THEN shown.at > coalesce(h.version, '-infinity')
        ELSE NOT shown.gone
            AND EXISTS (
                SELECT FROM bridge.user_map u
                WHERE u.state = 'synced'
                  AND CASE CAST(:side AS text) WHEN 'sales_connect' THEN u.sc_user_id ELSE u.sf_user_id END = shown.owner
            )
            AND NOT EXISTS (
                SELECT FROM staging.seen s
                JOIN bridge.run r USING (run_id)
                WHERE s.side = :side AND s.remote_id = shown.remote_id AND s.version >= shown.at AND NOT r.dry_run
            )
        END
      -- A delete of ours is known by the second alone.
      AND CASE WHEN shown.gone THEN date_trunc('second', shown.at) ELSE shown.at END > coalesce(
        (
            SELECT max(a.written_at) FROM bridge.action a
            WHERE a.side = :side AND a.remote_id = shown.remote_id AND a.state = 'done'
        ),
        '-infinity'
      )
)
