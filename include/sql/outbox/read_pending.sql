-- What is left to be done by sides: planned writes of a run, one row each op, and, with no op, sides of which any run waits for an answer
SELECT side, op FROM bridge.action WHERE run_id = :run_id AND state = 'planned'
UNION
SELECT side, NULL FROM bridge.action WHERE state = 'sent'
UNION
SELECT side, NULL FROM bridge.bulk_job WHERE ended_at IS NULL
UNION
SELECT side, NULL FROM bridge.perhaps_created(:run_id, :certain_after)
