-- When a difference that is still open was first seen (K3)
WITH differs AS (
    SELECT l.link_id,
           -- both: ,
           {half}.remote_id IS NOT NULL AND l.{half}_changed_at IS NULL
           AND ({half}.title, {half}.status, {half}.priority, {half}.due_date, {half}.details, {half}.owner) IS DISTINCT FROM
               (l.{half}_title, l.{half}_status, l.{half}_priority, l.{half}_due_date, l.{half}_details, l.{half}_owner) AS {half}
           -- end
    FROM bridge.link l
    -- both:
    LEFT JOIN staging.{side}_task {half} ON {half}.run_id = :run_id AND {half}.remote_id = l.{half}_id
        AND {half}.presence = 'live' AND {half}.problem_code IS NULL
    -- end
    WHERE l.dirty AND (l.sc_changed_at IS NULL OR l.sf_changed_at IS NULL)
)
UPDATE bridge.link l
SET sc_changed_at = CASE WHEN d.sc THEN l.sc_modified_at ELSE l.sc_changed_at END,
    sf_changed_at = CASE WHEN d.sf THEN l.sf_modified_at ELSE l.sf_changed_at END
FROM differs d
WHERE l.link_id = d.link_id AND (d.sc OR d.sf)
