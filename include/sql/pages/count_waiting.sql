-- What waits for a person, and what is parked
SELECT
    (SELECT count(*) FROM bridge.approval WHERE state = 'open') AS requests,
    (SELECT count(*) FROM bridge.approval_row w JOIN bridge.approval a USING (approval_id)
     WHERE a.state = 'open' AND w.outcome IS NULL) AS held,
    (SELECT count(*) FROM bridge.conflict WHERE winner IS NULL AND decided_at IS NULL AND NOT dry_run) AS conflicts,
    (SELECT count(*) FROM bridge.dead_letter WHERE resolved_at IS NULL AND ignored_at IS NULL) AS parked,
    (SELECT min(first_seen_at) FROM bridge.dead_letter WHERE resolved_at IS NULL AND ignored_at IS NULL) AS parked_since,
    (SELECT count(*) FROM bridge.link WHERE state = 'missing') AS missing,
    (SELECT count(*) FROM bridge.action WHERE state = 'sent') AS unanswered,
    (SELECT count(*) FROM bridge.link WHERE dirty OR state = 'pending' OR sc_written_at IS NOT NULL OR sf_written_at IS NOT NULL)
        AS unfinished
