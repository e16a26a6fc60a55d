ALTER TABLE bridge.run ADD COLUMN settings jsonb NOT NULL DEFAULT '{}';
COMMENT ON COLUMN bridge.run.settings IS 'The settings it was opened with, which it keeps to its end';
