-- What pairs that have ended held at last; their ids stay, so that nothing is doubled should a record come back (G2, C7). Parameters: pairs
UPDATE bridge.link
SET sc_title = NULL, sf_title = NULL, sc_details = NULL, sf_details = NULL, sc_call_outcome = NULL, sc_call_reason = NULL
WHERE link_id = ANY(:pairs) AND state = 'tombstone'
  AND (sc_title, sf_title, sc_details, sf_details, sc_call_outcome, sc_call_reason) IS DISTINCT FROM
      (NULL, NULL, NULL, NULL, NULL, NULL)
