-- Back to the previous position (G8), if there is one
UPDATE bridge.watermark
SET position = previous, previous = NULL, moved_at = now()
WHERE side = :side AND previous IS NOT NULL
