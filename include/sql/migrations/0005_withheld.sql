ALTER TABLE bridge.link
    ADD CONSTRAINT link_withheld_is_released CHECK (withheld IS NULL OR state = 'released');

ALTER TABLE bridge.ledger_change
    ADD COLUMN withheld text CHECK (withheld IN ('rejected', 'undone')),
    ADD CONSTRAINT ledger_change_withheld_is_released CHECK (withheld IS NULL OR state = 'released');
COMMENT ON COLUMN bridge.ledger_change.withheld IS
    'Why a person keeps the pair out from then on; without it a new state ends that';
