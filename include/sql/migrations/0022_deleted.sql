ALTER TABLE bridge.link
    ADD COLUMN sc_deleted_id text,
    ADD COLUMN sf_deleted_id text;
COMMENT ON COLUMN bridge.link.sc_deleted_id IS
    'SC: the record whose delete was proved (C5); null once it is read live. What is proved is not asked again';
COMMENT ON COLUMN bridge.link.sf_deleted_id IS
    'SF: the record whose delete was proved (C5); null once it is read live. What is proved is not asked again';
