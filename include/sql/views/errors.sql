CREATE OR REPLACE VIEW mart.errors ( -- One row is a record that could not be understood, or a write that a system refused, from when it was met until it was over (G4).
    dead_letter_id, -- Number of the error
    side, -- System that has the record, or that refused the write
    stage, -- extract: the record cannot be understood. load: the write was refused
    code, -- Error code of the vendor, or ours
    category, -- intermittent, authentication, access, validation, data or other
    message, -- What is wrong (personal)
    remedy, -- What helps, and who must act
    remote_id, -- Record, as far as it has an id
    link_id, -- Pair, if any
    title, -- Name or Subject of the task (personal)
    sc_user_id, -- Sales Connect user whose task it is
    owner_name, -- Name of that user (personal)
    attempts, -- How often it was met
    first_seen_at, -- When it was met first
    last_seen_at, -- When it was met last
    next_try_at, -- Until then the pair rests, unless one of its records changes; null when it is over
    resolved_at, -- When it was over; null while open
    run_id -- Run that met it first
) AS
SELECT
    d.dead_letter_id, d.side, d.stage, d.code, d.category, d.message, d.remedy,
    coalesce(d.remote_id, CASE d.side WHEN 'sales_connect' THEN l.sc_id ELSE l.sf_id END) AS remote_id,
    d.link_id, coalesce(l.sc_title, l.sf_title, s.title) AS title, l.sc_owner AS sc_user_id,
    coalesce(u.name, n.name) AS owner_name, d.attempts, d.first_seen_at, d.last_seen_at,
    CASE WHEN d.resolved_at IS NULL THEN d.next_try_at END AS next_try_at, d.resolved_at, d.run_id
FROM bridge.dead_letter d
LEFT JOIN bridge.link l USING (link_id)
LEFT JOIN bridge.user_map u ON u.sc_user_id = l.sc_owner
LEFT JOIN LATERAL staging.last_sight(d.side, CASE WHEN l.link_id IS NULL THEN d.remote_id END) s ON true
-- Several may claim one Salesforce user; of those that are mapped to it one at most has this state.
LEFT JOIN bridge.user_map n ON CASE d.side
    WHEN 'sales_connect' THEN n.sc_user_id = s.owner
    ELSE n.sf_user_id = s.owner AND n.state IN ('synced', 'off')
END;
