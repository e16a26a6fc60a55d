CREATE TABLE bridge.approval (
    approval_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    kind text NOT NULL CHECK (
        kind IN ('create', 'complete', 'owner', 'due_date', 'delete', 'subject', 'missing')
    ),
    state text NOT NULL DEFAULT 'open' CHECK (state IN ('open', 'answered', 'carried_out', 'obsolete')),
    run_id bigint NOT NULL REFERENCES bridge.run,
    requested_at timestamptz NOT NULL DEFAULT now(),
    dag_run_id text,
    asked integer NOT NULL DEFAULT 0,
    answer text CHECK (answer IN ('approved', 'rejected')),
    answered_by text,
    answered_at timestamptz,
    answered_in text,
    carried_out_run_id bigint REFERENCES bridge.run,
    finished_at timestamptz,
    CHECK ((answer IS NULL) = (state IN ('open', 'obsolete')))
);
CREATE UNIQUE INDEX approval_one_unfinished_per_kind ON bridge.approval (kind)
    WHERE state IN ('open', 'answered');
COMMENT ON TABLE bridge.approval IS
    'One row is a request to a person: effects of one kind that were held (G3, I4, C6). What it asks for never changes; of each kind one at most is unfinished.';
COMMENT ON COLUMN bridge.approval.approval_id IS 'Number of the request';
COMMENT ON COLUMN bridge.approval.kind IS
    'What is asked for; missing: deletes that follow from records that are not found, without proof (C5)';
COMMENT ON COLUMN bridge.approval.state IS
    'open: waits for an answer. answered: to be carried out. carried_out: every row has its outcome. obsolete: every row went away before an answer';
COMMENT ON COLUMN bridge.approval.run_id IS 'Run that held it';
COMMENT ON COLUMN bridge.approval.requested_at IS 'When that was';
COMMENT ON COLUMN bridge.approval.dag_run_id IS 'The last run of task_sync_approval that was started for it';
COMMENT ON COLUMN bridge.approval.asked IS 'How many of them were started: more than one when one was deleted or failed, or the switch was off';
COMMENT ON COLUMN bridge.approval.answer IS 'What the person said';
COMMENT ON COLUMN bridge.approval.answered_by IS 'Who answered, as Airflow names the person';
COMMENT ON COLUMN bridge.approval.answered_at IS 'When, by Airflow''s clock';
COMMENT ON COLUMN bridge.approval.answered_in IS
    'Where: the DAG run whose question was answered. Airflow does not tell whether on its page or by its REST API';
COMMENT ON COLUMN bridge.approval.carried_out_run_id IS 'The run that finished carrying it out';
COMMENT ON COLUMN bridge.approval.finished_at IS 'When it was carried out, or found obsolete';

CREATE TABLE bridge.approval_row (
    row_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    approval_id bigint NOT NULL REFERENCES bridge.approval,
    link_id text NOT NULL,
    side text NOT NULL CHECK (side IN ('sales_connect', 'salesforce')),
    op text NOT NULL CHECK (op IN ('create', 'update', 'delete')),
    remote_id text,
    marker text,
    rule text NOT NULL,
    sc_user_id text,
    mask integer NOT NULL,
    title text,
    status text,
    priority text,
    due_date date,
    details text,
    owner text,
    seen_title text,
    seen_status text,
    seen_priority text,
    seen_due_date date,
    seen_details text,
    seen_owner text,
    wanted boolean NOT NULL DEFAULT true,
    run_id bigint REFERENCES bridge.run,
    seq integer,
    planned_end text CHECK (planned_end IN ('rejected', 'left_out')),
    outcome text CHECK (outcome IN ('done', 'rejected', 'left_out', 'refused')),
    reason text,
    UNIQUE (approval_id, link_id, side)
);
CREATE INDEX approval_row_open ON bridge.approval_row (link_id) WHERE outcome IS NULL OR (outcome = 'left_out' AND wanted);
COMMENT ON TABLE bridge.approval_row IS
    'One row is one effect that a request asks for, exactly as it was held; it is carried out only if it is still the same.';
COMMENT ON COLUMN bridge.approval_row.row_id IS 'Number of the row';
COMMENT ON COLUMN bridge.approval_row.approval_id IS 'The request';
COMMENT ON COLUMN bridge.approval_row.link_id IS 'Pair';
COMMENT ON COLUMN bridge.approval_row.side IS 'System that would be written';
COMMENT ON COLUMN bridge.approval_row.op IS 'create, update or delete';
COMMENT ON COLUMN bridge.approval_row.remote_id IS 'Record that would be written; null for a create';
COMMENT ON COLUMN bridge.approval_row.marker IS 'Marker of the record to be created (G2)';
COMMENT ON COLUMN bridge.approval_row.rule IS 'Rules that planned and held it, comma-separated';
COMMENT ON COLUMN bridge.approval_row.sc_user_id IS 'Whose task it is: Sales Connect user id';
COMMENT ON COLUMN bridge.approval_row.mask IS 'Fields to write, as bits: 1 title, 2 status, 4 priority, 8 due date, 16 details, 32 owner';
COMMENT ON COLUMN bridge.approval_row.title IS 'Title to write';
COMMENT ON COLUMN bridge.approval_row.status IS 'Status to write';
COMMENT ON COLUMN bridge.approval_row.priority IS 'Priority to write';
COMMENT ON COLUMN bridge.approval_row.due_date IS 'Due date to write';
COMMENT ON COLUMN bridge.approval_row.details IS 'Details to write';
COMMENT ON COLUMN bridge.approval_row.owner IS 'Owner to write, a user id of that system';
COMMENT ON COLUMN bridge.approval_row.seen_title IS 'Title that the record held';
COMMENT ON COLUMN bridge.approval_row.seen_status IS 'Status that the record held';
COMMENT ON COLUMN bridge.approval_row.seen_priority IS 'Priority that the record held';
COMMENT ON COLUMN bridge.approval_row.seen_due_date IS 'Due date that the record held';
COMMENT ON COLUMN bridge.approval_row.seen_details IS 'Details that the record held';
COMMENT ON COLUMN bridge.approval_row.seen_owner IS 'Owner that the record held';
COMMENT ON COLUMN bridge.approval_row.wanted IS
    'Whether the last run that decided the pair still held it: exactly this of an open request, of which one without such a row is obsolete; whatever it became of a row that was left out';
COMMENT ON COLUMN bridge.approval_row.run_id IS 'The run that last tried to carry it out';
COMMENT ON COLUMN bridge.approval_row.seq IS 'The action of that run that writes it; null when nothing is written for it';
COMMENT ON COLUMN bridge.approval_row.planned_end IS 'How it ends when that run settles, where no action decides it';
COMMENT ON COLUMN bridge.approval_row.outcome IS
    'done: written. rejected: let go as G3 says. left_out: it had moved. refused: by the system; see bridge.dead_letter. Null: not carried out yet';
COMMENT ON COLUMN bridge.approval_row.reason IS 'Why it was left out or refused';

ALTER TABLE bridge.action
    ADD COLUMN asks text CHECK (
        asks IN ('create', 'complete', 'owner', 'due_date', 'delete', 'subject', 'missing')
    ),
    ADD COLUMN approval_id bigint REFERENCES bridge.approval;
CREATE INDEX action_approval ON bridge.action (approval_id) WHERE approval_id IS NOT NULL;
COMMENT ON COLUMN bridge.action.asks IS 'The kind of request that it waits for; null when it is not held, or no approval can release it';
COMMENT ON COLUMN bridge.action.approval_id IS 'The request that it waits for, or that released it';
COMMENT ON COLUMN bridge.action.kind IS
    'What it counts as for the limits (G3), comma-separated; what a person approved counts for nothing';
