ALTER TABLE bridge.link
    ADD COLUMN sc_outside text CHECK (sc_outside = 'C3'),
    ADD COLUMN sf_outside text CHECK (sf_outside IN ('C2', 'C3'));
COMMENT ON COLUMN bridge.link.sc_outside IS
    'SC: why the record itself was out of the sync when it was last seen: C3 (given to somebody who takes no part); else null';
COMMENT ON COLUMN bridge.link.sf_outside IS
    'SF: why the record itself was out of the sync when it was last seen: C2 (no reminder) or C3 (given to somebody who takes no part); else null';

ALTER TABLE bridge.ledger_change
    ADD COLUMN sc_outside text,
    ADD COLUMN sf_outside text;
COMMENT ON COLUMN bridge.ledger_change.sc_outside IS
    'What the pair''s sc_outside becomes; empty: null; null leaves it';
COMMENT ON COLUMN bridge.ledger_change.sf_outside IS
    'What the pair''s sf_outside becomes; empty: null; null leaves it';

-- Of what was released before, the owner last seen tells; where both owners take part, it was no reminder.
UPDATE bridge.link l
SET sc_outside = CASE WHEN l.sc_owner_now IS DISTINCT FROM l.sc_owner THEN 'C3' END,
    sf_outside = CASE
        WHEN l.sf_owner_now IS DISTINCT FROM l.sf_owner THEN 'C3'
        WHEN EXISTS (
            SELECT FROM bridge.user_map u
            WHERE u.sc_user_id = l.sc_owner AND u.sf_user_id = l.sf_owner AND u.state = 'synced'
        ) AND l.sc_owner_now IS NOT DISTINCT FROM l.sc_owner THEN 'C2'
    END
WHERE l.state = 'released' AND l.withheld IS NULL AND l.sc_id IS NOT NULL AND l.sf_id IS NOT NULL;
