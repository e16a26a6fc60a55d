-- Store a run, or open the stored one again under a new fencing number
INSERT INTO bridge.run (
    run_key, mode, dry_run, users, window_start, window_end, fencing, sc_start, sc_end, sf_start,
    sf_end, sc_server_time, sf_server_time, features, settings_fingerprint, code_version,
    asked, asked_by, settings, notes
) VALUES (
    :run_key, :mode, :dry_run, :users, :window_start, :window_end, :fencing, :sc_start, :sc_end,
    :sf_start, :sf_end, :sc_server_time, :sf_server_time, :features, :settings_fingerprint,
    :code_version, CAST(:asked AS jsonb), :asked_by, CAST(:settings AS jsonb), CAST(:notes AS text[])
)
ON CONFLICT (run_key) DO UPDATE
SET fencing = excluded.fencing, closed_at = NULL, outcome = NULL, summary = NULL, counts = NULL
RETURNING *
