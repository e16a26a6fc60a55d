CREATE TABLE bridge.kept (
    kept_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    run_id bigint NOT NULL REFERENCES bridge.run,
    action_id text NOT NULL UNIQUE REFERENCES bridge.action ON DELETE CASCADE,
    link_id text NOT NULL,
    reason text NOT NULL CHECK (reason IN ('deleted', 'recreated')),
    side text NOT NULL CHECK (side IN ('sales_connect', 'salesforce')),
    remote_id text NOT NULL,
    version timestamptz,
    modified_at timestamptz,
    created_at timestamptz,
    title text,
    status text,
    priority text,
    due_date date,
    details text,
    owner text,
    marker text,
    person text,
    type text,
    campaign_name text,
    campaign_day text,
    campaign_step text,
    call_outcome text,
    call_reason text,
    subtype text,
    is_closed boolean,
    is_recurrence boolean,
    is_archived boolean,
    completed_at timestamptz,
    payload json,
    kept_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX kept_link ON bridge.kept (link_id);
COMMENT ON TABLE bridge.kept IS
    'One row is a record that TaskBridge removed, or that it creates anew under another id, as it was before: everything that the side told of it (K5). Kept as long as the ledger. The record went away only if its action is done.';
COMMENT ON COLUMN bridge.kept.kept_id IS 'Number of the row';
COMMENT ON COLUMN bridge.kept.run_id IS 'Run that did it';
COMMENT ON COLUMN bridge.kept.action_id IS 'The delete, or the create that makes the record anew';
COMMENT ON COLUMN bridge.kept.link_id IS 'Pair';
COMMENT ON COLUMN bridge.kept.reason IS
    'deleted: by a delete of ours, read just before it. recreated: it was deleted already and is created again (K4, C7); values as last known';
COMMENT ON COLUMN bridge.kept.side IS 'System that the record was in';
COMMENT ON COLUMN bridge.kept.remote_id IS 'Id that the record had there';
COMMENT ON COLUMN bridge.kept.version IS 'Stamp of this state';
COMMENT ON COLUMN bridge.kept.modified_at IS 'Stamp of the last edit by a user';
COMMENT ON COLUMN bridge.kept.created_at IS 'When it was created; null when recreated and not told';
COMMENT ON COLUMN bridge.kept.title IS 'Name in Sales Connect, Subject in Salesforce';
COMMENT ON COLUMN bridge.kept.status IS 'Status in the words of the system';
COMMENT ON COLUMN bridge.kept.priority IS 'Priority in the words of the system';
COMMENT ON COLUMN bridge.kept.due_date IS 'Due date';
COMMENT ON COLUMN bridge.kept.details IS 'Details or comments';
COMMENT ON COLUMN bridge.kept.owner IS 'User id of assignee or owner';
COMMENT ON COLUMN bridge.kept.marker IS 'Marker that the record carried, if TaskBridge had created it (G2)';
COMMENT ON COLUMN bridge.kept.person IS 'Salesforce id of the contact or lead, as far as told';
COMMENT ON COLUMN bridge.kept.type IS 'Kind of activity (Sales Connect)';
COMMENT ON COLUMN bridge.kept.campaign_name IS 'Sales campaign (Sales Connect)';
COMMENT ON COLUMN bridge.kept.campaign_day IS 'Day in the campaign (Sales Connect)';
COMMENT ON COLUMN bridge.kept.campaign_step IS 'Step in the campaign (Sales Connect)';
COMMENT ON COLUMN bridge.kept.call_outcome IS 'Call outcome (Sales Connect)';
COMMENT ON COLUMN bridge.kept.call_reason IS 'Call reason (Sales Connect)';
COMMENT ON COLUMN bridge.kept.subtype IS 'TaskSubtype (Salesforce)';
COMMENT ON COLUMN bridge.kept.is_closed IS 'Whether it was closed (Salesforce)';
COMMENT ON COLUMN bridge.kept.is_recurrence IS 'Whether it was the master of a series (Salesforce)';
COMMENT ON COLUMN bridge.kept.is_archived IS 'Whether it was archived (Salesforce)';
COMMENT ON COLUMN bridge.kept.completed_at IS 'When it was completed (Salesforce)';
COMMENT ON COLUMN bridge.kept.payload IS 'The record as it came, JSON; null when recreated and not told';
COMMENT ON COLUMN bridge.kept.kept_at IS 'When the row was written';
