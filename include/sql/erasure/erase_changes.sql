-- How the base of these pairs came about. Parameters: pairs
DELETE FROM bridge.ledger_change WHERE applied_at IS NOT NULL AND link_id = ANY(:pairs)
