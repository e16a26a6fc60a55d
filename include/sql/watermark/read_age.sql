-- Seconds since a run last moved the watermark that lies furthest back; null before the first one
SELECT extract(epoch FROM clock_timestamp() - min(moved_at))::float8 FROM bridge.watermark
