-- Exactly what the limits ask for in a run that decides something: writes of a day that count, and pairs by owner.
DROP INDEX bridge.action_done;
CREATE INDEX action_counted ON bridge.action (answered_at) INCLUDE (kind, sc_user_id)
    WHERE state = 'done' AND NOT first_import AND kind IS NOT NULL;
CREATE INDEX link_counted ON bridge.link (sc_owner) WHERE state IN ('linked', 'held');
