-- Whether the last job of a side failed within this time: then ordinary calls do the work. Parameters: side, within (interval)
SELECT coalesce(failed AND ended_at > clock_timestamp() - CAST(:within AS interval), false) AS failed
FROM bridge.bulk_job
WHERE side = :side AND ended_at IS NOT NULL
ORDER BY ended_at DESC
LIMIT 1
