-- Each field of a pair, with where its values come from; of a pair that still lacks a record as last read
SELECT f.field,
       CASE WHEN l.state <> 'pending' THEN f.sc_value WHEN l.sc_id IS NOT NULL THEN coalesce(f.sc_value, s.value) END
           AS sc_value,
       CASE WHEN l.state <> 'pending' THEN f.sf_value WHEN l.sf_id IS NOT NULL THEN coalesce(f.sf_value, s.value) END
           AS sf_value,
       f.came_from, f.rule, f.explanation, f.run_id, f.mode, f.asked_by, f.set_at
FROM mart.field_origins f
JOIN bridge.link l USING (link_id)
LEFT JOIN LATERAL (
    SELECT v.value
    FROM staging.last_sight(
        CASE WHEN l.sc_id IS NULL THEN 'salesforce' ELSE 'sales_connect' END, coalesce(l.sc_id, l.sf_id)
    ) r
    CROSS JOIN LATERAL (VALUES
        ('title', r.title), ('status', r.status), ('priority', r.priority), ('due_date', r.due_date::text),
        ('details', r.details), ('owner', r.owner)
    ) AS v (field, value)
    WHERE v.field = f.field
) s ON true
WHERE f.link_id = :link_id
ORDER BY array_position(ARRAY['title', 'status', 'priority', 'due_date', 'details', 'owner'], f.field)
