-- A rejected row is over when a later write went through, or its pair ended clean
UPDATE bridge.dead_letter d
SET resolved_at = now()
FROM bridge.link l
WHERE d.stage = 'load'
  AND d.resolved_at IS NULL
  AND l.link_id = d.link_id
  AND (
    EXISTS (
        SELECT FROM bridge.action a
        WHERE a.link_id = d.link_id AND a.side = d.side AND a.state = 'done' AND a.answered_at > d.last_seen_at
    )
    OR (
        NOT l.dirty
        AND (
            EXISTS (SELECT FROM staging.sales_connect_task s WHERE s.run_id = :run_id AND s.remote_id = l.sc_id)
            OR EXISTS (SELECT FROM staging.salesforce_task s WHERE s.run_id = :run_id AND s.remote_id = l.sf_id)
        )
    )
  )
