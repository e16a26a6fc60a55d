-- Of a record that waits and is read by id again and again, the last of equal sights is kept (G9)
WITH
-- both: ,
{half}_forgotten AS (
    DELETE FROM staging.{side}_task old
    USING staging.{side}_task new, bridge.run r
    WHERE new.run_id = :run_id
      AND new.source = 'by_id'
      AND new.disposition IN ('held', 'waiting', 'dead_letter')
      AND old.remote_id = new.remote_id
      AND old.run_id < new.run_id
      AND old.source = 'by_id'
      AND (old.presence, old.version, old.problem_code, old.disposition, old.rule)
          IS NOT DISTINCT FROM (new.presence, new.version, new.problem_code, new.disposition, new.rule)
      AND r.run_id = old.run_id
      AND NOT r.dry_run
)
-- end
SELECT 1
