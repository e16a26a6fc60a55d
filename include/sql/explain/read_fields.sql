-- Purpose: each field of a pair, with where its values come from
-- Parameters: link_id
-- Caller: store/explaining.py
SELECT field, sc_value, sf_value, came_from, rule, explanation, run_id, mode, asked_by, set_at
FROM mart.field_origins
WHERE link_id = :link_id
ORDER BY array_position(ARRAY['title', 'status', 'priority', 'due_date', 'details', 'owner'], field)
