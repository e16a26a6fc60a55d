-- What people were told, and how a dry run that found work ends.
ALTER TABLE bridge.run DROP CONSTRAINT run_outcome_check;
ALTER TABLE bridge.run ADD CONSTRAINT run_outcome_check
    CHECK (outcome IN ('clean', 'conflicts', 'planned', 'partial', 'held', 'failed', 'skipped'));
COMMENT ON COLUMN bridge.run.outcome IS 'clean, conflicts, planned (a dry run that would write), partial, held, failed or skipped (G6)';

CREATE TABLE bridge.notice ( -- One row is something that people were told of by the notifiers, and not yet that it is over.
    subject text PRIMARY KEY, -- What it is about: paused:salesforce, failed:task_sync, late, approvals, parked
    text text NOT NULL, -- What they were told
    up_to bigint, -- Of requests and parked rows: the highest number that they were told of
    told_at timestamptz NOT NULL DEFAULT now() -- When
);
