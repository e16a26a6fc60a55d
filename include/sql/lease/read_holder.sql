-- Who holds a lease that has not expired
SELECT run_key FROM bridge.lease WHERE name = 'sync' AND expires_at > clock_timestamp()
