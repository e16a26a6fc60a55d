-- What the database knows of the size of a large run, before it is joined with anything
ANALYZE staging.sales_connect_task (run_id, bucket), staging.salesforce_task (run_id, bucket)
