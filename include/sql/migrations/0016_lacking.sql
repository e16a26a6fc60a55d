ALTER TABLE bridge.side_state ADD COLUMN lacking text[] NOT NULL DEFAULT '{}';
COMMENT ON COLUMN bridge.side_state.lacking IS
    'Fields that the system does not have or show, and that TaskBridge does without, as Task.IsArchived';
COMMENT ON COLUMN staging.salesforce_task.person IS
    'Salesforce id of the contact or lead; null also where WhoId cannot be used, then nobody is told whom a task is about';
COMMENT ON COLUMN staging.salesforce_task.subtype IS
    'TaskSubtype; anything but Task is a logged activity (C2). Null where the org does not show it: then every task counts as a reminder';
COMMENT ON COLUMN staging.salesforce_task.is_archived IS
    'Whether Salesforce has archived it; null where the org does not show it';
COMMENT ON COLUMN staging.salesforce_task.completed_at IS
    'CompletedDateTime; null also where the org does not show it: then tasks that were completed when they were made take part (C2)';
