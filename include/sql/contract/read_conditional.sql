-- Whether a system honours a condition on an update, as far as that was found out lately
SELECT conditional_updates
FROM bridge.contract
WHERE side = :side AND conditional_updates IS NOT NULL AND conditional_seen_at >= now() - CAST(:age AS interval)
