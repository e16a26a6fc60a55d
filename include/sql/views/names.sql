CREATE OR REPLACE VIEW mart.names ( -- One row is a user of a system, as far as mapped.
    side, -- sales_connect or salesforce
    user_id, -- Id of the user there
    name -- Name of that user in Sales Connect (personal)
) AS
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
