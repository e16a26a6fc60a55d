-- Rows that are tried again are due now; those that are ignored are due no more, unless a record changes
-- Parameters: rows (array), answer
UPDATE bridge.dead_letter
SET next_try_at = CASE WHEN stage = 'load' THEN CASE :answer WHEN 'retry' THEN now() ELSE now() + interval '100 years' END END,
    ignored_at = CASE :answer WHEN 'ignore' THEN now() END
WHERE dead_letter_id = ANY (CAST(:rows AS bigint[]))
