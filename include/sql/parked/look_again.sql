-- Pairs of rows that are tried again are read in the next run, those of ignored ones not by the clock any more (G9)
-- Parameters: rows (array), answer
UPDATE bridge.link l
SET look_again_at = CASE :answer WHEN 'ignore' THEN now() + interval '100 years' END
FROM bridge.dead_letter d
WHERE d.dead_letter_id = ANY (CAST(:rows AS bigint[])) AND l.link_id = d.link_id
