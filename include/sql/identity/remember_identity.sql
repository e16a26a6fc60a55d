-- Keep a side's identity if none is known; answers the one that is known now
INSERT INTO bridge.side_identity AS known (side, identity) VALUES (:side, :identity)
ON CONFLICT (side) DO UPDATE SET identity = coalesce(known.identity, excluded.identity)
RETURNING identity
