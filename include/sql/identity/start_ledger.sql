-- Keep the moment of the first enabled run (S2), once. Parameters: side, now (timestamptz)
INSERT INTO bridge.side_identity (side, ledger_started_at) VALUES (:side, :now)
ON CONFLICT (side) DO UPDATE SET ledger_started_at = excluded.ledger_started_at
WHERE side_identity.ledger_started_at IS NULL
