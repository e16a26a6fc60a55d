-- Begin to look what is older than it is kept, unless that was done lately. Parameters: every (interval)
UPDATE bridge.housekeeping SET done_at = now() WHERE done_at <= now() - CAST(:every AS interval)
