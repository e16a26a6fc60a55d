-- What waits after a run, whichever run found it, as one JSON object (G6)
WITH asked AS (
    SELECT r.kind || ' (request ' || r.approval_id || ')' AS request, count(*) AS n
    FROM bridge.approval r
    JOIN bridge.approval_row w USING (approval_id)
    WHERE r.state IN ('open', 'answered') AND w.outcome IS NULL AND w.wanted
    GROUP BY r.kind, r.approval_id
    UNION ALL
    -- What only a dry run holds, it says of itself alone.
    SELECT a.asks || ' (next request)', count(DISTINCT (a.link_id, a.side))
    FROM bridge.action a
    JOIN bridge.run r USING (run_id)
    WHERE a.state = 'held' AND a.asks IS NOT NULL AND a.approval_id IS NULL
      AND (r.run_id = :run_id OR (NOT r.dry_run AND r.mode <> 'audit'))
    GROUP BY a.asks
),
parked AS (
    SELECT count(*) AS n, min(first_seen_at) AS since FROM bridge.dead_letter
    WHERE resolved_at IS NULL AND ignored_at IS NULL
)
SELECT jsonb_build_object(
    'parked', (SELECT n FROM parked),
    'parked_since', (SELECT since FROM parked),
    'waiting', (SELECT coalesce(jsonb_object_agg(request, n), '{}') FROM asked),
    'undecided', (
        SELECT count(*) FROM bridge.conflict WHERE winner IS NULL AND decided_at IS NULL AND NOT dry_run
    ),
    'missing', (SELECT count(*) FROM bridge.link WHERE state = 'missing' AND dirty),
    'unfinished', (
        SELECT count(*) FROM bridge.link WHERE (dirty OR state = 'pending') AND look_again_at IS NULL
    ),
    'resting', (
        SELECT count(*) FROM bridge.link WHERE (dirty OR state = 'pending') AND look_again_at IS NOT NULL
          AND NOT EXISTS (
            SELECT FROM bridge.dead_letter d
            WHERE d.link_id = link.link_id AND d.resolved_at IS NULL AND d.ignored_at IS NOT NULL
          )
    )
)
