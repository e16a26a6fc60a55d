-- Purpose: the last sight of every record that staging still has; other views build on it
-- Parameters: none
-- Caller: people; made by store/migrate.py
CREATE OR REPLACE VIEW mart.latest_staged AS
SELECT
    'sales_connect' AS side, run_id, remote_id, presence, version, title, status, priority, due_date, details, owner,
    link_id, disposition, rule
FROM staging.sales_connect_task s
WHERE run_id NOT IN (SELECT run_id FROM bridge.run WHERE dry_run)
  AND NOT EXISTS (
    SELECT FROM staging.sales_connect_task newer
    WHERE newer.remote_id = s.remote_id AND newer.run_id > s.run_id
      AND newer.run_id NOT IN (SELECT run_id FROM bridge.run WHERE dry_run)
  )
UNION ALL
SELECT
    'salesforce' AS side, run_id, remote_id, presence, version, title, status, priority, due_date, details, owner,
    link_id, disposition, rule
FROM staging.salesforce_task s
WHERE run_id NOT IN (SELECT run_id FROM bridge.run WHERE dry_run)
  AND NOT EXISTS (
    SELECT FROM staging.salesforce_task newer
    WHERE newer.remote_id = s.remote_id AND newer.run_id > s.run_id
      AND newer.run_id NOT IN (SELECT run_id FROM bridge.run WHERE dry_run)
  );

COMMENT ON VIEW mart.latest_staged IS 'One row is a record as the latest run that read it saw it, dry runs aside. Goes back as far as staging is kept.';
COMMENT ON COLUMN mart.latest_staged.side IS 'System of the record';
COMMENT ON COLUMN mart.latest_staged.run_id IS 'Run that saw it';
COMMENT ON COLUMN mart.latest_staged.remote_id IS 'Id of the record';
COMMENT ON COLUMN mart.latest_staged.presence IS 'live, deleted or absent';
COMMENT ON COLUMN mart.latest_staged.version IS 'Stamp of that state';
COMMENT ON COLUMN mart.latest_staged.title IS 'Name or Subject';
COMMENT ON COLUMN mart.latest_staged.status IS 'Status in the words of the system';
COMMENT ON COLUMN mart.latest_staged.priority IS 'Priority in the words of the system';
COMMENT ON COLUMN mart.latest_staged.due_date IS 'Due date';
COMMENT ON COLUMN mart.latest_staged.details IS 'Details or comments';
COMMENT ON COLUMN mart.latest_staged.owner IS 'User id of assignee or owner';
COMMENT ON COLUMN mart.latest_staged.link_id IS 'Pair that it was decided with';
COMMENT ON COLUMN mart.latest_staged.disposition IS 'Where it ended (G5)';
COMMENT ON COLUMN mart.latest_staged.rule IS 'Rules that led there';
