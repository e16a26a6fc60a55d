-- What ended runs saw of these tasks in {System}. Parameters: pairs, users, person
DELETE FROM staging.{side}_task s
USING bridge.run r
WHERE r.run_id = s.run_id AND r.closed_at IS NOT NULL
  AND (s.link_id = ANY(:pairs) OR s.owner = ANY(:users) OR left(s.person, 15) = left(:person, 15))
