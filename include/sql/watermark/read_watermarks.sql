-- Purpose: the committed position of each side
-- Parameters: none
-- Caller: store/identity.py
SELECT side, position, previous FROM bridge.watermark
