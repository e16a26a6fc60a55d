-- What of these people and pairs has to stay. Parameters: pairs, sc_users
SELECT
    (SELECT count(*) FROM bridge.link WHERE link_id = ANY(:pairs) AND state <> 'tombstone') AS bases,
    (SELECT count(*) FROM bridge.action WHERE link_id = ANY(:pairs)) AS writes,
    (SELECT count(*) FROM bridge.dead_letter WHERE link_id = ANY(:pairs)) AS errors,
    (SELECT count(*) FROM bridge.conflict WHERE link_id = ANY(:pairs)) AS conflicts,
    (SELECT count(*) FROM bridge.user_map WHERE sc_user_id = ANY(:sc_users)) AS users,
    (SELECT count(*) FROM bridge.link WHERE link_id = ANY(:pairs) AND state = 'tombstone') AS ended
