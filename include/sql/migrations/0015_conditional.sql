ALTER TABLE bridge.contract ADD COLUMN conditional_updates boolean, ADD COLUMN conditional_seen_at timestamptz;
COMMENT ON COLUMN bridge.contract.conditional_updates IS
    'Whether an update that names the last change of its record is refused when there was another since (If-Unmodified-Since); null while not known';
COMMENT ON COLUMN bridge.contract.conditional_seen_at IS 'When that was found out';
