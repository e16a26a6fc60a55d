-- Whether a run has staged so many rows that it matters how the database joins them
SELECT count(*) >= :rows
FROM (
    (SELECT run_id FROM staging.sales_connect_task WHERE run_id = :run_id LIMIT :rows)
    UNION ALL
    (SELECT run_id FROM staging.salesforce_task WHERE run_id = :run_id LIMIT :rows)
) AS staged
