-- Pairs whose tasks are theirs, or about that contact or lead. Parameters: sc_users, sf_users, person
SELECT link_id FROM bridge.link
WHERE sc_owner_now = ANY(:sc_users) OR sc_owner = ANY(:sc_users) OR sf_owner_now = ANY(:sf_users) OR sf_owner = ANY(:sf_users)
-- both:
UNION
SELECT link_id FROM staging.{side}_task WHERE left(person, 15) = left(:person, 15) AND link_id IS NOT NULL
-- end
UNION
SELECT link_id FROM bridge.action WHERE left(person, 15) = left(:person, 15)
UNION
SELECT link_id FROM bridge.kept WHERE left(person, 15) = left(:person, 15)
