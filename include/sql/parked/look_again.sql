-- Pairs of rows that are tried again are read in the next run (G9). Parameters: rows (array)
UPDATE bridge.link l
SET look_again_at = NULL
FROM bridge.dead_letter d
WHERE d.dead_letter_id = ANY (CAST(:rows AS bigint[])) AND l.link_id = d.link_id
