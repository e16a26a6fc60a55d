-- One run
SELECT * FROM bridge.run WHERE run_key = :run_key
