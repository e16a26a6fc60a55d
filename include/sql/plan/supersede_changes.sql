-- Ledger changes that no longer count: of pairs decided anew, of actions that came to nothing; and those of this plan that say what the pair says already
DELETE FROM bridge.ledger_change c
USING bridge.link l
WHERE l.link_id = c.link_id
  AND c.applied_at IS NULL
  AND CASE
      WHEN c.run_id = :run_id THEN
          c.seq IS NULL
          AND c.sc_mask = 0 AND c.sf_mask = 0 AND NOT c.inputs AND c.sc_outside IS NULL AND c.sf_outside IS NULL
          AND c.state = l.state AND c.withheld IS NOT DISTINCT FROM l.withheld
          AND NOT EXISTS (
              SELECT FROM bridge.ledger_change o
              WHERE o.link_id = c.link_id AND o.applied_at IS NULL AND o.change_id <> c.change_id
          )
      WHEN c.seq IS NULL THEN c.link_id IN (SELECT d.link_id FROM bridge.decided(:run_id) d)
      ELSE NOT EXISTS (
          SELECT FROM bridge.action a
          WHERE a.run_id = c.run_id AND a.seq = c.seq
            -- A create that was taken for lost may still turn out to be done.
            AND (a.state IN ('planned', 'held', 'sent', 'done') OR a.code = 'NOT_CREATED')
      )
      -- What a person decided is carried out when its change is applied (K3), not when it is gone.
      AND NOT EXISTS (
          SELECT FROM bridge.decision d WHERE d.run_id = c.run_id AND d.link_id = c.link_id AND d.state = 'open'
      )
  END
