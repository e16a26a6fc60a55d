CREATE OR REPLACE VIEW mart.explanations ( -- One row is a rule, in plain words.
    rule, -- Rule id
    explanation, -- What happened
    remedy -- What helps
) AS
SELECT rule, explanation, remedy
FROM (VALUES
    ('S1', 'The sync is switched off.', 'Set the Airflow Variable taskbridge_enabled to true.'),
    ('S2', 'The owner takes no part: the sync is off for this user, or the user has no partner in the other system.', 'Switch on "Salesforce task sync" for the user in Sales Connect, and see bridge.user_map for what is missing.'),
    ('I1', 'The Salesforce task was last changed before the owner''s sync was switched on, less the look-back.', 'Nothing, or edit the task: it comes over when it is next changed.'),
    ('I2', 'The Sales Connect task was created before its assignee''s sync was switched on.', 'Nothing: such tasks are not pushed. Create the task anew if Salesforce should have it.'),
    ('I3', 'A Sales Connect task from before the switch-on stays out, also when it is edited.', 'Nothing: such tasks are not pushed. Create the task anew if Salesforce should have it.'),
    ('I4', 'The task was deleted in Salesforce longer ago than deletes are carried over without asking.', 'Approve or reject the delete: Required actions on Airflow''s home page, a run of the DAG task_sync_approval; mart.approvals has its number.'),
    ('I5', 'The Sales Connect task was created while its assignee''s sync was off.', 'Nothing: it counts as existing. Create the task anew if Salesforce should have it.'),
    ('F1', 'The Subject was edited in Salesforce; it never comes back to Sales Connect.', 'Rename the task in Sales Connect.'),
    ('F6', 'The value cannot be expressed in the other system, so both keep what they have.', 'Nothing, or choose a value that both systems know.'),
    ('F7', 'A required value could not cross and was given its default.', 'Nothing, or set the value in Sales Connect.'),
    ('C1', 'One side created, edited or deleted the task, so the same happens on the other side.', 'Nothing.'),
    ('C2', 'The Salesforce record is a logged activity or the master of a series; only reminders take part.', 'Nothing; or set include_logged_activities in the settings.'),
    ('C3', 'The new owner is not a synced user, so the pair is released.', 'Switch the sync on for the new owner, or give the task back.'),
    ('C5', 'A record is not found, and nothing proves that it was deleted.', 'Check that the integration user may see it. It is looked up again until there is proof, at growing intervals of an hour at most; or approve the delete where one is asked for (Required actions on Airflow''s home page, mart.approvals).'),
    ('C6', 'The record is gone, and after a long gap nothing tells since when.', 'Approve or reject the delete: Required actions on Airflow''s home page, a run of the DAG task_sync_approval; mart.approvals has its number.'),
    ('C7', 'A deleted task was restored; its partner is being created again.', 'Nothing: the next runs finish it.'),
    ('G1', 'The two records already agree.', 'Nothing.'),
    ('G2', 'It cannot be told whether the record was already created, so it is not created a second time.', 'Usually nothing: every run looks again. Where there is no marker to look for, see "A create in doubt" in docs/operations.md.'),
    ('G3', 'A limit on how much may change at once was exceeded, and the plan is held.', 'Approve or reject it: Required actions on Airflow''s home page, a run of the DAG task_sync_approval; mart.approvals has its number.'),
    ('G4', 'A system refused the record; its pair rests and is tried again later.', 'See code and message, and correct the record or the permission; mart.errors_by_code tells who has to act.'),
    ('G7', 'The calls of this day are used up.', 'Nothing: the work goes on when there are calls again.'),
    ('G9', 'The pair is unfinished and is decided after both records have been read again.', 'Nothing: the next run does it.'),
    ('K3', 'Both sides changed the same field, and the policy leaves the decision to a person.', 'Decide in the DAG task_sync_decide, see mart.conflicts_open; or set the same value on both sides.'),
    ('K4', 'Deleted on one side, edited on the other.', 'Nothing: the delete policy decides. bridge.kept has in full what was removed.'),
    ('K6', 'A field went to and fro three times within an hour and is held rather than written for ever.', 'Find what rewrites the field (often an automation) and stop it. Then decide in the DAG task_sync_decide, or set the same value on both sides; else it is written again when the hour has passed.'),
    ('T3', 'The Subject was made anew from the template.', 'Nothing.'),
    ('rejected', 'A person rejected what was held for this pair, so it is left as it is.', 'Nothing, or edit the task (restore the deleted one): then the pair is looked at again.'),
    ('undone', 'A person undid the run that wrote this pair, so it is left as it is.', 'Nothing, or edit the task (restore the deleted one): then the pair is looked at again.'),
    ('withdrawn_from_sales_connect', 'A person undid the run that copied this task to Sales Connect, and the copy was deleted there.', 'Nothing, or edit the task: then it is copied anew.'),
    ('withdrawn_from_salesforce', 'A person undid the run that copied this task to Salesforce, and the copy was deleted there.', 'Nothing; or edit the task, then it is copied anew; or take the copy out of the recycle bin.'),
    ('G8', 'A rebase read the record, and it belongs to no pair, or the next run decides what its pair says.', 'Nothing; mart.drift and bridge.left_out name what a person has to look at, and the DAG task_sync_audit what to do about each.'),
    ('audit', 'An audit saw something that a sync would change.', 'Nothing: the next run that reads it does. See mart.drift.'),
    ('undo', 'A person undid a run: what it wrote is taken back, as far as nothing has changed since.', 'Nothing: it is not carried over again until somebody edits the field.'),
    ('K5', 'A person brought back what a conflict, a write or a delete had removed.', 'Nothing.'),
    ('selection', 'The run was asked for other users only.', 'Nothing: the next scheduled run takes it.'),
    ('first_sync', 'The first sync of the owner is not settled yet.', 'Nothing: the next runs finish it.')
) AS t (rule, explanation, remedy);
