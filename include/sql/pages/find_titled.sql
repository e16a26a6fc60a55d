-- Tasks by the words of their title: pairs, and records in no pair or whose pair is not complete yet. Parameters: words (of to_tsquery), likes (array of patterns
-- for records in no pair), after (pair), lines
(
    SELECT l.link_id, NULL AS remote_id, coalesce(l.sc_title, l.sf_title) AS title, l.sc_id, l.sf_id, l.state, l.dirty,
           u.name AS owner_name, l.sc_owner_now AS owner, l.sc_due_date AS due_date, l.sc_status AS status
    FROM bridge.link l
    LEFT JOIN bridge.user_map u ON u.sc_user_id = l.sc_owner_now
    WHERE to_tsvector('simple', regexp_replace(coalesce(l.sc_title, '') || ' ' || coalesce(l.sf_title, ''), '[^[:alnum:]]+', ' ', 'g')) @@ to_tsquery('simple', :words)
      AND l.link_id > :after
    ORDER BY l.link_id
    LIMIT :lines
)
UNION ALL
(
    SELECT s.link_id, s.remote_id, s.title, CASE s.side WHEN 'sales_connect' THEN s.remote_id END,
           CASE s.side WHEN 'salesforce' THEN s.remote_id END, CASE WHEN s.link_id IS NULL THEN 'in no pair' ELSE 'pending' END, false, n.name, s.owner, s.due_date, s.status
    FROM mart.latest_staged s
    LEFT JOIN mart.names n ON n.side = s.side AND n.user_id = s.owner
    WHERE s.disposition IN ('ignored', 'deferred', 'held', 'waiting', 'released', 'dead_letter')
      AND coalesce(octet_length(s.title), 0) <= 1020
      AND s.title ILIKE ALL (CAST(:likes AS text[])) AND :after = ''
      AND NOT EXISTS (
        SELECT FROM bridge.link l
        WHERE CASE s.side WHEN 'sales_connect' THEN l.sc_id ELSE l.sf_id END = s.remote_id
          AND (l.state <> 'pending' OR l.sc_title IS NOT NULL OR l.sf_title IS NOT NULL)
      )
    LIMIT :lines
)
