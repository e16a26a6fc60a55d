-- The pairs whose Subjects are compared with the template (T3): all that take part
INSERT INTO bridge.run_pair (run_id, link_id)
SELECT CAST(:run_id AS bigint), link_id
FROM bridge.link
WHERE state = 'linked' AND sc_id IS NOT NULL AND sf_id IS NOT NULL
ON CONFLICT DO NOTHING
