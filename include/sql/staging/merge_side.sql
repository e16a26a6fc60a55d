-- Put a page into a run's staging; of one record the newer sight stays, or what was read by id; what a listing repeats of a pair that waits is left out (G9)
-- Parameters: run_id, source; reads incoming_{side}
INSERT INTO staging.{side}_task AS old (
    run_id, source, bucket, {columns}
)
SELECT DISTINCT ON (remote_id)
    CAST(:run_id AS bigint), CAST(:source AS text),
    staging.bucket(coalesce(
        (SELECT l.link_id FROM bridge.link l WHERE l.{half}_id = i.remote_id),
        substring(marker FROM '^tb:(.*):[0-9]+$'),
        '{half}:' || remote_id
    )),
    {columns}
FROM incoming_{side} i
WHERE CAST(:source AS text) IN ('by_id', 'sweep')
   OR NOT EXISTS (
    SELECT FROM bridge.link l
    JOIN bridge.run r ON r.run_id = CAST(:run_id AS bigint) AND r.mode NOT IN ('audit', 'rebase')
    WHERE l.{half}_id = i.remote_id
      AND l.look_again_at > now()
      AND CASE
          WHEN i.problem_code IS NOT NULL THEN EXISTS (
              SELECT FROM bridge.dead_letter d
              WHERE d.side = '{side}' AND d.remote_id = i.remote_id AND d.stage = 'extract' AND d.resolved_at IS NULL
          )
          WHEN i.presence = 'deleted' THEN l.{half}_deleted_id = l.{half}_id
          ELSE i.version = l.{half}_version AND l.{half}_deleted_id IS NULL
      END
)
ORDER BY remote_id, presence = 'absent',
    coalesce(version, CASE presence WHEN 'deleted' THEN timestamptz 'infinity' ELSE '-infinity' END) DESC,
    presence = 'deleted' DESC
ON CONFLICT (run_id, remote_id) DO UPDATE
SET source = excluded.source,
    staged_at = now(),
    link_id = NULL, disposition = NULL, rule = NULL,
    {updates}
WHERE staging.supersedes(excluded.presence, excluded.version, old.presence, old.version)
   -- A look-up comes after every listing. Of a delete a listing may tell more.
   OR (
    excluded.source IN ('by_id', 'sweep')
    AND excluded.presence <> 'absent'
    AND (excluded.presence, old.presence) <> ('deleted', 'deleted')
   )
