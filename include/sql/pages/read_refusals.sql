-- What was refused of a task, with what a person said of it; open ones first
-- Parameters: task, link_id (null: in no pair)
SELECT d.dead_letter_id, d.side, d.code, d.category, d.message, d.remedy, d.attempts, d.first_seen_at, d.last_seen_at,
       d.next_try_at, d.resolved_at, d.ignored_at, said.answer, said.reason, said.answered_by, said.answered_at
FROM bridge.dead_letter d
LEFT JOIN LATERAL (
    SELECT answer, reason, answered_by, answered_at FROM bridge.parked_answer
    WHERE dead_letter_id = d.dead_letter_id ORDER BY answer_id DESC LIMIT 1
) said ON true
WHERE d.link_id = :link_id
   OR (CAST(:link_id AS text) IS NULL AND d.remote_id IN (:task, bridge.salesforce_id(:task)))
ORDER BY d.resolved_at IS NOT NULL, d.dead_letter_id DESC
LIMIT 20
