CREATE OR REPLACE VIEW mart.freshness ( -- One row is an hour of changes that crossed to one system for one user: how long it took from the change on one side to the answer to its write on the other. First syncs, approved and deliberate writes do not count.
    hour, -- Hour (UTC) in which they were written
    side, -- System that they crossed to
    sc_user_id, -- Sales Connect user whose tasks they are
    user_name, -- Name of that user (personal)
    changes, -- How many crossed
    seconds_p50, -- Half of them took at most so many seconds
    seconds_p95, -- 95 % of them took at most so many seconds
    seconds_longest -- Seconds of the slowest
) AS
SELECT f.hour, f.side, nullif(f.sc_user_id, '') AS sc_user_id, u.name AS user_name, cardinality(f.seconds) AS changes,
       f.p50 AS seconds_p50, f.p95 AS seconds_p95, f.longest AS seconds_longest
FROM bridge.freshness f
LEFT JOIN bridge.user_map u USING (sc_user_id);
