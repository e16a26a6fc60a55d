-- Purpose: keep what was contested, both values in full (K5); an open one is brought up to date
-- Parameters: run_id, dry_run; reads incoming_conflict
-- Caller: store/plan.py
INSERT INTO bridge.conflict (
    run_id, dry_run, link_id, field, rule, winner, base_sc, base_sf, value_sc, value_sf
)
SELECT :run_id, :dry_run, link_id, field, rule, winner, base_sc, base_sf, value_sc, value_sf
FROM incoming_conflict
ON CONFLICT (link_id, field) WHERE winner IS NULL AND decided_at IS NULL AND NOT dry_run DO UPDATE
SET rule = excluded.rule, base_sc = excluded.base_sc, base_sf = excluded.base_sf,
    value_sc = excluded.value_sc, value_sf = excluded.value_sf
