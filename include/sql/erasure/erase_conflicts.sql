-- Conflicts that are over, and what people decided of them. Parameters: pairs
WITH decided AS (
    DELETE FROM bridge.decision WHERE state <> 'open' AND link_id = ANY(:pairs)
)
DELETE FROM bridge.conflict
WHERE link_id = ANY(:pairs) AND (winner IS NOT NULL OR decided_at IS NOT NULL OR dry_run)
