-- Old changes of the base that no longer explain a value: each of their fields was set again, or the pair has ended
-- Parameters: run_ids, keep (interval)
DELETE FROM bridge.ledger_change c
USING bridge.link l
WHERE c.run_id = ANY(:run_ids)
  AND c.applied_at < now() - CAST(:keep AS interval)
  AND l.link_id = c.link_id
  AND (l.state = 'tombstone' OR (c.sc_mask | c.sf_mask) & ~(
      -- In the order of mart.field_origins.
      SELECT coalesce(bit_or(n.sc_mask | n.sf_mask), 0)
      FROM bridge.ledger_change n
      WHERE n.link_id = c.link_id
        AND (n.applied_at, n.run_id, coalesce(n.seq, -1), n.change_id) > (c.applied_at, c.run_id, coalesce(c.seq, -1), c.change_id)
  ) = 0)
