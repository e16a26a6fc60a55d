-- Users of that e-mail address or id, in either system; a contact or lead by its Salesforce id. Parameters: person
SELECT array_agg(sc_user_id) FILTER (WHERE sc_user_id IS NOT NULL) AS sc_users,
       array_agg(sf_user_id) FILTER (WHERE sf_user_id IS NOT NULL) AS sf_users,
       max(name) AS name
FROM bridge.user_map
WHERE lower(email) = lower(:person) OR sc_user_id = :person OR left(sf_user_id, 15) = left(:person, 15)
