-- Some tasks by the words of their title: pairs, and records in no pair or whose pair is not complete yet. In no order where
-- very many fit, so that a common word takes no longer than a rare one. Parameters: words (of to_tsquery), likes (array of
-- patterns for records in no pair), lines
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
    SELECT s.link_id, s.remote_id, s.title, CASE s.side WHEN 'sales_connect' THEN s.remote_id END,
           CASE s.side WHEN 'salesforce' THEN s.remote_id END,
           CASE WHEN s.link_id IS NULL THEN 'in no pair' ELSE 'pending' END, false, n.name, s.owner, s.due_date, s.status
    FROM mart.latest_staged s
    LEFT JOIN mart.names n ON n.side = s.side AND n.user_id = s.owner
    WHERE s.disposition IN ('ignored', 'deferred', 'held', 'waiting', 'released', 'dead_letter')
      AND coalesce(octet_length(s.title), 0) <= 1020
      AND s.title ILIKE ALL (CAST(:likes AS text[]))
      -- A pair that has a base is found above.
      AND NOT CASE s.side
        WHEN 'sales_connect'
        THEN coalesce((SELECT l.sc_title IS NOT NULL OR l.sf_title IS NOT NULL FROM bridge.link l WHERE l.sc_id = s.remote_id), false)
        ELSE coalesce((SELECT l.sc_title IS NOT NULL OR l.sf_title IS NOT NULL FROM bridge.link l WHERE l.sf_id = s.remote_id), false)
      END
    LIMIT :lines
)
