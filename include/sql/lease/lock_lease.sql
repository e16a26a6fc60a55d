-- Read the fencing number and keep it from changing until the transaction ends
SELECT fencing FROM bridge.lease WHERE name = 'sync' FOR SHARE
