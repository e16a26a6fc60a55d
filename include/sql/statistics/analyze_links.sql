-- How many pairs are unfinished, so that the runs after a large one look them up rather than read all
ANALYZE bridge.link (link_id, state, dirty, look_again_at, sc_written_at, sf_written_at)
