-- Keeps who said what of parked rows, and why
-- Parameters: rows (array), answer, reason, answered_by
INSERT INTO bridge.parked_answer (dead_letter_id, answer, reason, answered_by)
SELECT row, :answer, CAST(:reason AS text), :answered_by
FROM unnest(CAST(:rows AS bigint[])) row
