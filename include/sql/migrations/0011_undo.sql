ALTER TABLE bridge.ledger_change
    ADD COLUMN also integer,
    ADD COLUMN forget text CHECK (forget IN ('sales_connect', 'salesforce'));
COMMENT ON COLUMN bridge.ledger_change.also IS 'A second action of the run that has to succeed as well; null: one is enough';
COMMENT ON COLUMN bridge.ledger_change.forget IS
    'System whose record the pair no longer has from then on: what is created there next is a new generation (G2)';

CREATE INDEX run_restore ON bridge.run (run_id) WHERE mode = 'restore';
COMMENT ON COLUMN bridge.conflict.restored_at IS 'When a person''s restore of the loser was written (K5)';

CREATE OR REPLACE FUNCTION bridge.pair_of(task text) RETURNS text
LANGUAGE sql STABLE
-- The first that finds one: each look-up is made only if those before it found nothing.
RETURN coalesce(
    (SELECT link_id FROM bridge.link WHERE link_id = regexp_replace(task, '^tb:(.*):[0-9]+$', '\1')),
    (SELECT link_id FROM bridge.link WHERE sf_id = bridge.salesforce_id(task)),
    (SELECT link_id FROM bridge.link WHERE sc_id = task),
    (
        SELECT link_id FROM bridge.kept
        WHERE remote_id IN (task, bridge.salesforce_id(task))
        ORDER BY kept_id DESC
        LIMIT 1
    ),
    (
        SELECT link_id FROM bridge.action
        WHERE state = 'done' AND remote_id IN (task, bridge.salesforce_id(task))
        ORDER BY run_id DESC
        LIMIT 1
    )
);
