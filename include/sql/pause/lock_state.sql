-- Purpose: a side's state, locked until the transaction ends
-- Parameters: side
-- Caller: store/side_states.py
SELECT state FROM bridge.side_state WHERE side = :side FOR UPDATE
