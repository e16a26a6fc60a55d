-- What a system told of its allocation lately, whichever run it was (G7). Parameters: side, age (interval)
SELECT calls_left, allocation, told_at
FROM bridge.api_allowance
WHERE side = :side AND kept_at > now() - CAST(:age AS interval)
ORDER BY kept_at DESC
LIMIT 1
