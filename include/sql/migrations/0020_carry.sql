ALTER TABLE bridge.action
    ADD COLUMN waiting_since timestamptz,
    ADD COLUMN carried_to bigint REFERENCES bridge.run;
CREATE INDEX action_carried ON bridge.action (carried_to) WHERE carried_to IS NOT NULL;
COMMENT ON COLUMN bridge.action.waiting_since IS 'When the change to this record was first planned, of one that an earlier run left to a later one (G7)';
COMMENT ON COLUMN bridge.action.carried_to IS 'Run that decided the pair anew before this was written';
