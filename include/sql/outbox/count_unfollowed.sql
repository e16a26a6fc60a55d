-- Ledger changes that are due and not applied, as their run died before: of answered writes, of a rebase (G8)
SELECT count(*)
FROM bridge.ledger_change c
JOIN bridge.run r USING (run_id)
LEFT JOIN bridge.action a ON a.run_id = c.run_id AND a.seq = c.seq
LEFT JOIN bridge.action b ON b.run_id = c.run_id AND b.seq = c.also
WHERE c.applied_at IS NULL
  AND (a.state = 'done' OR (c.seq IS NULL AND r.mode = 'rebase'))
  AND (c.also IS NULL OR b.state = 'done')
