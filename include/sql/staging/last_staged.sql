-- How many rows a part of a run has staged, and when the last of them was. Parameters: run_id, low, high (buckets)
SELECT sum(rows)::bigint AS rows, max(last) AS last
FROM (
    SELECT count(*) AS rows, max(staged_at) AS last FROM staging.sales_connect_task WHERE run_id = :run_id AND bucket BETWEEN :low AND :high
    UNION ALL
    SELECT count(*), max(staged_at) FROM staging.salesforce_task WHERE run_id = :run_id AND bucket BETWEEN :low AND :high
) AS sides
