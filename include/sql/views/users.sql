CREATE OR REPLACE VIEW mart.users ( -- One row is a Sales Connect user: whether they take part, since when, and how many tasks they have (S2).
    sc_user_id, -- Sales Connect user
    sf_user_id, -- Salesforce user; null while unmapped
    name, -- Name in Sales Connect (personal)
    email, -- E-mail address by which the two were matched (personal)
    time_zone, -- Time zone in which today is meant
    state, -- synced, off, unmapped, ambiguous, refused or inactive
    remedy, -- What to do so that this user takes part; null when synced
    switched_on_at, -- Since when their tasks take part, by Sales Connect's clock
    first_sync, -- owed or settled (I1); null while never switched on
    pairs, -- Pairs in step, or held
    open_tasks, -- Of these: open
    parked, -- Of these: parked after a refusal
    seconds_p95 -- In their last hour with changes, 95 % of these took at most so many seconds to the other side
) AS
SELECT
    m.sc_user_id, m.sf_user_id, m.name, m.email, bridge.zone_of(m.time_zone) AS time_zone, m.state, m.remedy,
    m.switched_on_sc AS switched_on_at, m.first_sync,
    coalesce(p.pairs, 0) AS pairs, coalesce(o.open_tasks, 0) AS open_tasks, coalesce(d.parked, 0) AS parked,
    f.seconds_p95
FROM bridge.user_map m
LEFT JOIN (
    SELECT sc_owner, count(*) AS pairs FROM bridge.link WHERE state IN ('linked', 'held') GROUP BY sc_owner
) p ON p.sc_owner = m.sc_user_id
LEFT JOIN (
    SELECT sc_owner, count(*) AS open_tasks FROM bridge.link WHERE state = 'linked' AND sc_status = 'open' GROUP BY sc_owner
) o ON o.sc_owner = m.sc_user_id
LEFT JOIN (
    SELECT l.sc_owner, count(DISTINCT l.link_id) AS parked
    FROM bridge.dead_letter e
    JOIN bridge.link l USING (link_id)
    WHERE e.resolved_at IS NULL
    GROUP BY l.sc_owner
) d ON d.sc_owner = m.sc_user_id
LEFT JOIN LATERAL (
    SELECT max(now.p95) AS seconds_p95
    FROM bridge.freshness now
    WHERE now.sc_user_id = m.sc_user_id
      AND now.hour = (SELECT max(last.hour) FROM bridge.freshness last WHERE last.sc_user_id = m.sc_user_id)
) f ON true;
