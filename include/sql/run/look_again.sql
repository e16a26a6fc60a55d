-- Purpose: under other settings, or by other code, what waits may be decided otherwise, so all of it is looked at (G9)
-- Parameters: run_id
-- Caller: store/runs.py
UPDATE bridge.link l
SET look_again_at = NULL
FROM bridge.run this
WHERE this.run_id = :run_id
  AND (l.dirty OR l.state = 'pending')
  AND l.look_again_at IS NOT NULL
  AND EXISTS (
    SELECT FROM (
        SELECT settings_fingerprint, code_version FROM bridge.run
        WHERE run_id < this.run_id
        ORDER BY run_id DESC
        LIMIT 1
    ) last
    WHERE (last.settings_fingerprint, last.code_version) <> (this.settings_fingerprint, this.code_version)
  )
