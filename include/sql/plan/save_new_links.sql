-- Store new pairs and next generations as pending, so that a create is known before it is sent (G2)
-- Parameters: run_id, link_id, origin, generation, sc_id, sf_id, owner (arrays)
INSERT INTO bridge.link AS known (
    link_id, origin, generation, state, sc_id, sf_id, sc_version, sc_modified_at, sc_owner_now,
    sf_version, sf_modified_at, sf_owner_now, sc_checked_at, created_run_id, changed_run_id
)
SELECT i.link_id, i.origin, i.generation, 'pending', i.sc_id, i.sf_id, sc.version, sc.modified_at, i.owner,
       sf.version, sf.modified_at, sf.owner, r.sc_server_time, r.run_id, r.run_id
FROM unnest(
    CAST(:link_id AS text[]), CAST(:origin AS text[]), CAST(:generation AS integer[]),
    CAST(:sc_id AS text[]), CAST(:sf_id AS text[]), CAST(:owner AS text[])
) AS i (link_id, origin, generation, sc_id, sf_id, owner)
JOIN bridge.run r ON r.run_id = :run_id
-- both:
LEFT JOIN staging.{side}_task {half} ON {half}.run_id = :run_id AND {half}.remote_id = i.{half}_id
-- end
ON CONFLICT (link_id) DO UPDATE
SET generation = excluded.generation,
    state = 'pending',
    withheld = NULL,
    sc_id = excluded.sc_id,
    sf_id = excluded.sf_id,
    -- The record that is created again has been neither seen nor written yet.
    -- both:
    {half}_version = CASE WHEN excluded.{half}_id IS NOT NULL THEN known.{half}_version END,
    {half}_modified_at = CASE WHEN excluded.{half}_id IS NOT NULL THEN known.{half}_modified_at END,
    {half}_written_at = CASE WHEN excluded.{half}_id IS NOT NULL THEN known.{half}_written_at END,
    {half}_outside = CASE WHEN excluded.{half}_id IS NOT NULL THEN known.{half}_outside END,
    {half}_changed_at = CASE WHEN excluded.{half}_id IS NOT NULL THEN known.{half}_changed_at END,
    -- end
    sc_owner_now = coalesce(excluded.sc_owner_now, known.sc_owner_now),
    changed_run_id = excluded.changed_run_id,
    changed_at = now()
