-- Where a page arrives
CREATE TEMPORARY TABLE IF NOT EXISTS incoming_{side} ON COMMIT DELETE ROWS
AS SELECT * FROM staging.{side}_task WITH NO DATA
