-- Purpose: how many pairs are unfinished, so that the runs after a large one look them up rather than read all
-- Parameters: none
-- Caller: store/statistics.py
ANALYZE bridge.link (link_id, state, dirty, look_again_at, sc_written_at, sf_written_at)
