-- Purpose: what users who are back had missed was read by this run (S2)
-- Parameters: none
-- Caller: store/settling.py
UPDATE bridge.user_map
SET unread_since_sc = NULL, unread_since_sf = NULL
WHERE state = 'synced' AND unread_since_sc IS NOT NULL
