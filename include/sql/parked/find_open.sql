-- Parked rows that a person means, locked: by number, or all of a code of a system
-- Parameters: rows (array), side, code
SELECT dead_letter_id
FROM bridge.dead_letter
WHERE resolved_at IS NULL
  AND (dead_letter_id = ANY (CAST(:rows AS bigint[])) OR (side = CAST(:side AS text) AND code = CAST(:code AS text)))
ORDER BY dead_letter_id
FOR UPDATE
