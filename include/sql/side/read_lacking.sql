-- Purpose: the fields that a system was found not to have
-- Parameters: side
-- Caller: store/side_fields.py
SELECT lacking FROM bridge.side_state WHERE side = :side
