ALTER TABLE bridge.user_map
    ADD COLUMN seen_off boolean NOT NULL DEFAULT false,
    ADD COLUMN unread_since_sc timestamptz,
    ADD COLUMN unread_since_sf timestamptz;
UPDATE bridge.user_map SET seen_off = state = 'off';
COMMENT ON COLUMN bridge.user_map.seen_off IS
    'Whether the user''s own switch was seen off since the user last took part (I5)';
COMMENT ON COLUMN bridge.user_map.unread_since_sc IS
    'Since when tasks of this user were read and not taken in, by Sales Connect''s clock; null when none are owed (S2)';
COMMENT ON COLUMN bridge.user_map.unread_since_sf IS 'The same moment by Salesforce''s clock';
