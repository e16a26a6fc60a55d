-- Purpose: names of the users of both systems; other views build on it
-- Parameters: none
-- Caller: people; made by store/migrate.py
CREATE OR REPLACE VIEW mart.names AS
SELECT 'sales_connect' AS side, sc_user_id AS user_id, name
FROM bridge.user_map
UNION ALL
-- Several may claim one Salesforce user; the one that syncs is meant.
(
    SELECT DISTINCT ON (sf_user_id) 'salesforce', sf_user_id, name
    FROM bridge.user_map
    WHERE sf_user_id IS NOT NULL
    ORDER BY sf_user_id, state = 'synced' DESC, sc_user_id
);

COMMENT ON VIEW mart.names IS 'One row is a user of a system, as far as mapped.';
COMMENT ON COLUMN mart.names.side IS 'sales_connect or salesforce';
COMMENT ON COLUMN mart.names.user_id IS 'Id of the user there';
COMMENT ON COLUMN mart.names.name IS 'Name of that user in Sales Connect';
