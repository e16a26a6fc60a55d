-- A run's session with a system, if one is kept
SELECT sealed FROM bridge.session WHERE run_key = :run_key AND side = :side
