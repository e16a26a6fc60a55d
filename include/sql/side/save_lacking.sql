-- Purpose: keep which fields a system was found not to have
-- Parameters: side, lacking
-- Caller: store/side_states.py
UPDATE bridge.side_state SET lacking = :lacking WHERE side = :side
