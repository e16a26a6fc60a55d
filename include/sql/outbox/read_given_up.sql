-- Creates that were taken for lost, under these markers; such a request may still have been carried out
SELECT {writes}
FROM bridge.action
WHERE side = CAST(:side AS text) AND op = 'create' AND state = 'retry' AND code = 'NOT_CREATED'
  AND marker = ANY (:markers)
ORDER BY run_id, seq
