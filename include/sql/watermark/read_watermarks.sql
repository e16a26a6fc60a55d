-- Purpose: the committed position of each side, and for how long it has been known by our clock
-- Parameters: none
-- Caller: store/identity.py
SELECT w.side, w.position, w.previous, now() - r.opened_at AS age
FROM bridge.watermark w
JOIN bridge.run r USING (run_id)
