-- Drop what systems told runs that ended long ago of their allocation. Parameters: keep (interval)
DELETE FROM bridge.api_allowance a
USING bridge.run r
WHERE r.run_id = a.run_id AND r.closed_at < now() - CAST(:keep AS interval)
