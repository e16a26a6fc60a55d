-- Purpose: forget a plan of which nothing was sent
-- Parameters: run_id
-- Caller: store/plan.py
DELETE FROM bridge.left_out WHERE run_id = :run_id
