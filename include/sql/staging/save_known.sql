-- How many rows of a listing showed nothing new, and were not staged (G5)
UPDATE bridge.run
SET sc_known = CASE CAST(:side AS text) WHEN 'sales_connect' THEN CAST(:rows AS integer) ELSE sc_known END,
    sf_known = CASE CAST(:side AS text) WHEN 'salesforce' THEN CAST(:rows AS integer) ELSE sf_known END
WHERE run_id = :run_id
