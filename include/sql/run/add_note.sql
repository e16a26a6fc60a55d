-- Purpose: keep a sentence for the report; no row when the run was opened again by somebody else
-- Parameters: run_id, fencing, note
-- Caller: store/runs.py
UPDATE bridge.run
SET notes = array_append(notes, CAST(:note AS text))
WHERE run_id = :run_id AND fencing = :fencing
