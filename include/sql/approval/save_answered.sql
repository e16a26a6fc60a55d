-- How a run carries out the rows of an answered request. Parameters: run_id, row_id, seq, end, reason (arrays)
UPDATE bridge.approval_row w
SET run_id = :run_id, seq = i.seq, planned_end = i.planned_end, reason = i.reason
FROM unnest(
    CAST(:row_id AS bigint[]), CAST(:seq AS integer[]), CAST(:end AS text[]), CAST(:reason AS text[])
) AS i (row_id, seq, planned_end, reason)
WHERE w.row_id = i.row_id AND w.outcome IS NULL
