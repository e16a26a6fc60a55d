-- What a system last said of its tasks, and whether that has to be asked again before a write
SELECT
    c.picklists,
    cardinality(c.breaches) > 0
        OR c.looked_at < now() - CAST(:age AS interval)
        OR c.settings_fingerprint <> :settings_fingerprint
        OR c.code_version <> :code_version
        OR EXISTS (
            -- A row that was refused since for a right or a field.
            SELECT FROM bridge.dead_letter d
            WHERE d.side = c.side AND d.stage = 'load' AND d.resolved_at IS NULL
              AND d.code = ANY (:codes) AND d.last_seen_at > c.looked_at
        ) AS doubtful
FROM bridge.contract c
WHERE c.side = :side
