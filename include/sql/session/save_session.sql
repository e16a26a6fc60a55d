-- Keep a run's session with a system for its next process; a renewed one takes the place of the old
INSERT INTO bridge.session (run_key, side, sealed)
VALUES (:run_key, :side, :sealed)
ON CONFLICT (run_key, side) DO UPDATE SET sealed = excluded.sealed, kept_at = now()
