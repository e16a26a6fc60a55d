-- How many rows a part of a run has staged, when the last of them was, and when the run was settled. Parameters: run_id, low, high (buckets)
SELECT sum(rows)::bigint AS rows, max(last) AS staged_at,
       (SELECT settled_at FROM bridge.run WHERE run_id = :run_id) AS settled_at
FROM (
-- both: UNION ALL
    SELECT count(*) AS rows, max(staged_at) AS last FROM staging.{side}_task WHERE run_id = :run_id AND bucket BETWEEN :low AND :high
-- end
) AS sides
