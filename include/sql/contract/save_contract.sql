-- Keep what a system says of its tasks now
-- Parameters: side, picklists (json text), breaches, settings_fingerprint, code_version, run_id
INSERT INTO bridge.contract (side, picklists, breaches, settings_fingerprint, code_version, run_id)
VALUES (:side, CAST(:picklists AS jsonb), :breaches, :settings_fingerprint, :code_version, :run_id)
ON CONFLICT (side) DO UPDATE
SET picklists = excluded.picklists, breaches = excluded.breaches, settings_fingerprint = excluded.settings_fingerprint,
    code_version = excluded.code_version, run_id = excluded.run_id, looked_at = now()
