-- A decision is carried out once the base of its field has followed (K3). Parameters: run_id; after settle/apply_changes
UPDATE bridge.decision d
SET state = 'carried_out', closed_at = now()
WHERE d.state = 'open'
  AND d.run_id <= :run_id
  AND NOT EXISTS (
    SELECT FROM bridge.ledger_change c
    WHERE c.run_id = d.run_id
      AND c.link_id = d.link_id
      AND c.applied_at IS NULL
      AND (c.sc_mask | c.sf_mask) & (1 << (array_position(
          ARRAY['title', 'status', 'priority', 'due_date', 'details', 'owner'], d.field
      ) - 1)) <> 0
  )
