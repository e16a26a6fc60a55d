-- Pairs of which a record is not found, and no proof says that it was deleted (C5); rows of a run that were known
SELECT (SELECT count(*) FROM bridge.link WHERE state = 'missing') AS missing,
       CASE CAST(:side AS text) WHEN 'sales_connect' THEN sc_known ELSE sf_known END AS known
FROM bridge.run
WHERE run_id = :run_id
