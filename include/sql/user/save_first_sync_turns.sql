-- The run has read the tasks of these users for their first sync
-- Parameters: run_id, sf_user_ids
INSERT INTO staging.first_sync (run_id, sf_user_id)
SELECT :run_id, unnest(CAST(:sf_user_ids AS text[]))
ON CONFLICT DO NOTHING
