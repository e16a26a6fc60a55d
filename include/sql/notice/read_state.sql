-- What people may have to be told of, and what they were told, as one JSON object
WITH told AS (
    SELECT subject, up_to FROM bridge.notice
),
requests AS (
    SELECT approval_id, kind FROM bridge.approval
    WHERE state = 'open' AND approval_id > coalesce((SELECT up_to FROM told WHERE subject = 'approvals'), 0)
),
parked AS (
    SELECT count(*) AS n, max(dead_letter_id) AS up_to FROM bridge.dead_letter
    WHERE resolved_at IS NULL
      AND dead_letter_id > coalesce((SELECT up_to FROM told WHERE subject = 'parked'), 0)
)
SELECT jsonb_build_object(
    'told', (SELECT coalesce(jsonb_agg(subject), '[]') FROM told),
    'paused', (
        SELECT coalesce(jsonb_object_agg(side, coalesce(reason, '')), '{}') FROM bridge.side_state WHERE state = 'paused'
    ),
    'requests', (
        SELECT coalesce(jsonb_agg(kind || ' (request ' || approval_id || ')' ORDER BY approval_id), '[]') FROM requests
    ),
    'last_request', (SELECT max(approval_id) FROM requests),
    'parked', (SELECT n FROM parked),
    'last_parked', (SELECT up_to FROM parked),
    'quiet_seconds', (SELECT extract(epoch FROM clock_timestamp() - min(moved_at)) FROM bridge.watermark)
)
