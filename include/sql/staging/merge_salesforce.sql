-- Purpose: put a page into a run's staging; of one record the newer sight stays, or what was read by id; what a listing repeats of a pair that waits is left out (G9)
-- Parameters: run_id, source; reads incoming_salesforce
-- Caller: store/staging.py
INSERT INTO staging.salesforce_task AS old (
    run_id, source,
    remote_id, presence, version, modified_at, created_at, title, status, priority, due_date, details,
    owner, marker, person, subtype, is_closed, is_recurrence, is_archived, completed_at, problem_code,
    problem_message, payload
)
SELECT DISTINCT ON (remote_id)
    CAST(:run_id AS bigint), CAST(:source AS text),
    remote_id, presence, version, modified_at, created_at, title, status, priority, due_date, details,
    owner, marker, person, subtype, is_closed, is_recurrence, is_archived, completed_at, problem_code,
    problem_message, payload
FROM incoming_salesforce i
WHERE CAST(:source AS text) IN ('by_id', 'sweep')
   OR NOT EXISTS (
    SELECT FROM bridge.link l
    JOIN bridge.run r ON r.run_id = CAST(:run_id AS bigint) AND r.mode NOT IN ('audit', 'rebase')
    WHERE l.sf_id = i.remote_id
      AND l.look_again_at > now()
      AND CASE
          WHEN i.problem_code IS NOT NULL THEN EXISTS (
              SELECT FROM bridge.dead_letter d
              WHERE d.side = 'salesforce' AND d.remote_id = i.remote_id AND d.stage = 'extract' AND d.resolved_at IS NULL
          )
          WHEN i.presence = 'deleted' THEN l.sf_deleted_id = l.sf_id
          ELSE i.version = l.sf_version AND l.sf_deleted_id IS NULL
      END
)
ORDER BY remote_id, presence = 'absent',
    coalesce(version, CASE presence WHEN 'deleted' THEN timestamptz 'infinity' ELSE '-infinity' END) DESC,
    presence = 'deleted' DESC
ON CONFLICT (run_id, remote_id) DO UPDATE
SET source = excluded.source,
    staged_at = now(),
    link_id = NULL, disposition = NULL, rule = NULL,
    presence = excluded.presence, version = excluded.version, modified_at = excluded.modified_at,
    created_at = excluded.created_at, title = excluded.title, status = excluded.status,
    priority = excluded.priority, due_date = excluded.due_date, details = excluded.details,
    owner = excluded.owner, marker = excluded.marker, person = excluded.person,
    subtype = excluded.subtype, is_closed = excluded.is_closed, is_recurrence = excluded.is_recurrence,
    is_archived = excluded.is_archived, completed_at = excluded.completed_at,
    problem_code = excluded.problem_code, problem_message = excluded.problem_message,
    payload = excluded.payload
WHERE staging.supersedes(excluded.presence, excluded.version, old.presence, old.version)
   -- A look-up comes after every listing. Of a delete a listing may tell more.
   OR (
    excluded.source IN ('by_id', 'sweep')
    AND excluded.presence <> 'absent'
    AND (excluded.presence, old.presence) <> ('deleted', 'deleted')
   )
