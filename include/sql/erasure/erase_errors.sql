-- Errors that are over; before what they name. Parameters: pairs, sc_users, sf_users, person
DELETE FROM bridge.dead_letter d
WHERE d.resolved_at IS NOT NULL
  AND (d.link_id = ANY(:pairs)
    -- both:
    OR d.side = '{side}' AND d.remote_id IN (
        SELECT remote_id FROM staging.{side}_task WHERE owner = ANY(:{half}_users) OR left(person, 15) = left(:person, 15)
    )
    -- end
  )
