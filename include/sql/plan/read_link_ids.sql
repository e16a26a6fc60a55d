-- The names of all pairs that the ledger knows
SELECT link_id FROM bridge.link ORDER BY link_id
