-- Keep what was contested, both values in full (K5); an open one is brought up to date
-- Parameters: run_id, dry_run, link_id, field, rule, winner, base_sc, base_sf, value_sc, value_sf (arrays)
INSERT INTO bridge.conflict AS known (
    run_id, dry_run, link_id, field, rule, winner, base_sc, base_sf, value_sc, value_sf
)
SELECT :run_id, :dry_run, link_id, field, rule, winner, base_sc, base_sf, value_sc, value_sf
FROM unnest(
    CAST(:link_id AS text[]), CAST(:field AS text[]), CAST(:rule AS text[]), CAST(:winner AS text[]),
    CAST(:base_sc AS text[]), CAST(:base_sf AS text[]), CAST(:value_sc AS text[]), CAST(:value_sf AS text[])
) AS i (link_id, field, rule, winner, base_sc, base_sf, value_sc, value_sf)
ON CONFLICT (link_id, field) WHERE winner IS NULL AND decided_at IS NULL AND NOT dry_run DO UPDATE
SET rule = excluded.rule, base_sc = excluded.base_sc, base_sf = excluded.base_sf,
    value_sc = excluded.value_sc, value_sf = excluded.value_sf
WHERE (known.rule, known.base_sc, known.base_sf, known.value_sc, known.value_sf)
   IS DISTINCT FROM (excluded.rule, excluded.base_sc, excluded.base_sf, excluded.value_sc, excluded.value_sf)
