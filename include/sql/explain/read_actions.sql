-- What is still to be written to a pair, or was sent and not answered
SELECT a.action_id, a.run_id, a.side, a.op, a.mask, a.state, a.rule, e.explanation
FROM bridge.action a
JOIN bridge.run r ON r.run_id = a.run_id AND NOT r.dry_run
LEFT JOIN mart.explanations e ON e.rule = split_part(a.rule, ',', CASE a.state WHEN 'held' THEN -1 ELSE 1 END)
WHERE a.link_id = :link_id AND a.state IN ('planned', 'held', 'sent')
ORDER BY a.run_id, a.seq
