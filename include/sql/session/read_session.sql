-- Purpose: a run's session with a system, if one is kept
-- Parameters: run_key, side
-- Caller: store/sessions.py
SELECT sealed FROM bridge.session WHERE run_key = :run_key AND side = :side
