-- Some tasks by the words of their title: pairs, and records in no pair or whose pair is not complete yet
-- Parameters: words (of to_tsquery), lines
-- Of very many that fit any are taken, so that a common word takes no longer than a rare one.
WITH hits AS MATERIALIZED (
    SELECT link_id
    FROM bridge.link
    WHERE to_tsvector('simple', regexp_replace(coalesce(sc_title, '') || ' ' || coalesce(sf_title, ''), '[^[:alnum:]]+', ' ', 'g'))
          @@ to_tsquery('simple', :words)
    LIMIT 500
)
(
    SELECT l.link_id, NULL AS remote_id, coalesce(l.sc_title, l.sf_title) AS title, l.sc_id, l.sf_id, l.state, l.dirty,
           u.name AS owner_name, l.sc_owner_now AS owner, l.sc_due_date AS due_date, l.sc_status AS status
    FROM hits
    JOIN bridge.link l USING (link_id)
    LEFT JOIN bridge.user_map u ON u.sc_user_id = l.sc_owner_now
    ORDER BY l.state = 'tombstone', l.sc_status <> 'open', l.sc_due_date DESC, l.link_id
    LIMIT :lines
)
UNION ALL
(
    SELECT s.link_id, s.remote_id, s.title, s.sc_id, s.sf_id, CASE WHEN s.link_id IS NULL THEN 'in no pair' ELSE 'pending' END, false,
           n.name, s.owner, s.due_date, s.status
    FROM (
        -- both: UNION ALL
        SELECT '{side}' AS side, s.remote_id, s.title, s.owner, s.due_date, s.status, s.link_id,
               CASE '{half}' WHEN 'sc' THEN s.remote_id END AS sc_id, CASE '{half}' WHEN 'sf' THEN s.remote_id END AS sf_id
        FROM (
            SELECT * FROM staging.{side}_task
            WHERE to_tsvector('simple', regexp_replace(coalesce(title, ''), '[^[:alnum:]]+', ' ', 'g')) @@ to_tsquery('simple', :words)
              AND disposition IN ('ignored', 'deferred', 'held', 'waiting', 'released', 'dead_letter')
            LIMIT 500
        ) s
        WHERE s.run_id NOT IN (SELECT run_id FROM bridge.run WHERE dry_run)
          AND NOT EXISTS (
            SELECT FROM staging.{side}_task newer
            WHERE newer.remote_id = s.remote_id AND newer.run_id > s.run_id
              AND newer.run_id NOT IN (SELECT run_id FROM bridge.run WHERE dry_run)
          )
          -- A pair that has a base is found above.
          AND NOT EXISTS (
            SELECT FROM bridge.link l
            WHERE l.{half}_id = s.remote_id AND (l.sc_title IS NOT NULL OR l.sf_title IS NOT NULL)
          )
        -- end
    ) s
    LEFT JOIN mart.names n ON n.side = s.side AND n.user_id = s.owner
    LIMIT :lines
)
