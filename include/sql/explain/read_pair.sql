-- Purpose: the pair of a task, by any id that it has or had
-- Parameters: task
-- Caller: store/explaining.py
SELECT l.link_id, l.origin, l.generation, l.state, l.withheld, l.dirty, l.dirty_since, l.sc_id, l.sf_id,
       coalesce(l.sc_title, l.sf_title) AS title, u.name AS owner_name, l.changed_at, l.changed_run_id
FROM bridge.link l
LEFT JOIN bridge.user_map u ON u.sc_user_id = l.sc_owner_now
WHERE l.link_id = bridge.pair_of(:task)
