ALTER TABLE bridge.link
    DROP CONSTRAINT link_withheld_check,
    ADD CONSTRAINT link_withheld_check
        CHECK (withheld IN ('rejected', 'undone', 'withdrawn_from_sales_connect', 'withdrawn_from_salesforce'));
COMMENT ON COLUMN bridge.link.withheld IS
    'Why a person keeps a released pair out of the sync: what was held was rejected, a run was undone, or a run was undone that had made the copy, which was withdrawn from the system that is named; else null';

ALTER TABLE bridge.ledger_change
    DROP CONSTRAINT ledger_change_withheld_check,
    ADD CONSTRAINT ledger_change_withheld_check
        CHECK (withheld IN ('rejected', 'undone', 'withdrawn_from_sales_connect', 'withdrawn_from_salesforce')),
    DROP COLUMN forget;
