-- Keep a sentence for the report; no row when the run was opened again by somebody else
UPDATE bridge.run
SET notes = array_append(notes, CAST(:note AS text))
WHERE run_id = :run_id AND fencing = :fencing
