CREATE OR REPLACE VIEW mart.not_synced ( -- One row is a record or pair that is not in sync, with the reason: the answer to "why is my task not there?".
    side, -- System in which the record is
    remote_id, -- Id of the record
    title, -- Name or Subject (personal)
    owner, -- User id of assignee or owner
    owner_name, -- Name of that user, if mapped (personal)
    rule, -- Rules that keep it out, comma-separated; G4 for a rejected one
    explanation, -- The error, or the rule that holds it (the last), or the first rule, in plain words (personal)
    remedy, -- What helps
    reason, -- What was looked at: record (as last read), dead_letter, conflict (a field that is held), or the state of the pair: held, missing, released
    since, -- When this was found
    link_id -- Pair, if any
) AS
WITH rejected AS (
    -- What could not be written to a system is told of the record in the other one.
    SELECT of.side, coalesce(d.remote_id, CASE of.side WHEN 'sales_connect' THEN l.sc_id ELSE l.sf_id END) AS remote_id,
           d.link_id, d.code || ': ' || d.message AS explanation, d.remedy, d.first_seen_at,
           coalesce(l.sc_title, l.sf_title) AS title,
           CASE of.side WHEN 'sales_connect' THEN l.sc_owner_now ELSE l.sf_owner_now END AS owner
    FROM bridge.dead_letter d
    LEFT JOIN LATERAL (SELECT * FROM bridge.link WHERE link_id = d.link_id LIMIT 1) l ON true
    CROSS JOIN LATERAL (
        SELECT CASE WHEN d.remote_id IS NOT NULL THEN d.side
                    WHEN d.side = 'sales_connect' THEN 'salesforce' ELSE 'sales_connect' END AS side
    ) of
    WHERE d.resolved_at IS NULL
),
stuck_pairs AS (
    SELECT l.*, coalesce(
               (SELECT s.rule
                FROM (SELECT * FROM staging.last_sight('sales_connect', l.sc_id)
                      UNION ALL SELECT * FROM staging.last_sight('salesforce', l.sf_id)) s
                WHERE s.link_id = l.link_id AND s.rule IS NOT NULL ORDER BY s.run_id DESC LIMIT 1),
               CASE l.state WHEN 'held' THEN 'C6' WHEN 'missing' THEN 'C5'
                           ELSE CASE coalesce(l.sf_outside, l.sc_outside) WHEN 'owner' THEN 'C3' ELSE 'C2' END END
           ) AS rule
    FROM bridge.link l
    WHERE l.state IN ('held', 'missing', 'released')
      AND l.link_id NOT IN (SELECT r.link_id FROM rejected r WHERE r.link_id IS NOT NULL)
),
aside AS (
    -- As the indexes are: what has a title of the usual length is read from there alone.
    SELECT * FROM mart.latest_staged
    WHERE disposition IN ('ignored', 'deferred', 'held', 'waiting', 'released', 'dead_letter') AND coalesce(octet_length(title), 0) <= 1020
    UNION ALL
    SELECT * FROM mart.latest_staged
    WHERE disposition IN ('ignored', 'deferred', 'held', 'waiting', 'released', 'dead_letter') AND coalesce(octet_length(title), 0) > 1020
),
found AS (
    SELECT s.side, s.remote_id, s.title, s.owner, s.link_id, coalesce(s.rule, s.disposition) AS rule,
           NULL::text AS explanation, NULL::text AS remedy, r.opened_at AS since, 'record' AS reason,
           s.disposition = 'held' AS held
    FROM aside s
    JOIN bridge.run r USING (run_id)
    WHERE s.presence <> 'deleted'
      AND NOT CASE s.side
        WHEN 'sales_connect'
        THEN coalesce((SELECT l.state <> 'pending' FROM bridge.link l WHERE l.sc_id = s.remote_id), false)
        ELSE coalesce((SELECT l.state <> 'pending' FROM bridge.link l WHERE l.sf_id = s.remote_id), false)
      END
      AND (s.side, s.remote_id) NOT IN (SELECT d.side, d.remote_id FROM rejected d WHERE d.remote_id IS NOT NULL)
    UNION ALL
    SELECT r.side, r.remote_id, coalesce(r.title, s.title), coalesce(r.owner, s.owner), r.link_id, 'G4', r.explanation,
           r.remedy, r.first_seen_at, 'dead_letter', false
    FROM rejected r
    LEFT JOIN LATERAL staging.last_sight(
        r.side, CASE WHEN r.title IS NULL OR r.owner IS NULL THEN r.remote_id END
    ) s ON true
    UNION ALL
    SELECT l.origin, CASE l.origin WHEN 'sales_connect' THEN l.sc_id ELSE l.sf_id END,
           CASE l.origin WHEN 'sales_connect' THEN l.sc_title ELSE l.sf_title END,
           CASE l.origin WHEN 'sales_connect' THEN l.sc_owner_now ELSE l.sf_owner_now END,
           l.link_id, c.rule, e.explanation || ' Field: ' || c.field || '.', NULL, c.found_at, 'conflict', false
    FROM bridge.conflict c
    JOIN bridge.link l USING (link_id)
    LEFT JOIN mart.explanations e ON e.rule = c.rule
    WHERE c.winner IS NULL AND c.decided_at IS NULL AND NOT c.dry_run
    UNION ALL
    SELECT p.origin, CASE p.origin WHEN 'sales_connect' THEN p.sc_id ELSE p.sf_id END,
           CASE p.origin WHEN 'sales_connect' THEN p.sc_title ELSE p.sf_title END,
           CASE p.origin WHEN 'sales_connect' THEN p.sc_owner_now ELSE p.sf_owner_now END,
           p.link_id, p.rule, NULL, NULL, coalesce(p.dirty_since, p.changed_at), p.state, p.state = 'held'
    FROM stuck_pairs p
)
SELECT
    f.side, f.remote_id, f.title, f.owner, u.name AS owner_name, f.rule,
    coalesce(f.explanation, e.explanation, 'Decided by rule ' || f.rule || '.') AS explanation,
    coalesce(f.remedy, e.remedy, 'See the rule in the documentation.') AS remedy,
    f.reason, f.since, f.link_id
FROM found f
-- Of what is held the last rule says who has to answer, and where.
LEFT JOIN mart.explanations e ON e.rule = split_part(f.rule, ',', CASE WHEN f.held THEN -1 ELSE 1 END)
LEFT JOIN mart.names u ON u.side = f.side AND u.user_id = f.owner;
