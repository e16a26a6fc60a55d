-- Purpose: pairs of which a record is not found, and no proof says that it was deleted (C5)
-- Parameters: none
-- Caller: store/staging.py
SELECT count(*) FROM bridge.link WHERE state = 'missing'
