CREATE OR REPLACE VIEW mart.latest_staged ( -- One row is a record as the latest run that read it saw it, dry runs aside. Goes back as far as staging is kept.
    side, -- System of the record
    run_id, -- Run that saw it
    remote_id, -- Id of the record
    presence, -- live, deleted or absent
    version, -- Stamp of that state
    title, -- Name or Subject (personal)
    status, -- Status in the words of the system
    priority, -- Priority in the words of the system
    due_date, -- Due date
    details, -- Details or comments (personal)
    owner, -- User id of assignee or owner
    link_id, -- Pair that it was decided with
    disposition, -- Where it ended (G5)
    rule -- Rules that led there
) AS
-- both: UNION ALL
SELECT
    '{side}' AS side, run_id, remote_id, presence, version, title, status, priority, due_date, details, owner,
    link_id, disposition, rule
FROM staging.{side}_task s
WHERE run_id NOT IN (SELECT run_id FROM bridge.run WHERE dry_run)
  AND NOT EXISTS (
    SELECT FROM staging.{side}_task newer
    WHERE newer.remote_id = s.remote_id AND newer.run_id > s.run_id
      AND newer.run_id NOT IN (SELECT run_id FROM bridge.run WHERE dry_run)
  )
-- end
;
