-- Which of these records are in a pair
SELECT sc_id FROM bridge.link WHERE CAST(:side AS text) = 'sales_connect' AND sc_id = ANY(:remote_ids)
UNION ALL
SELECT sf_id FROM bridge.link WHERE CAST(:side AS text) = 'salesforce' AND sf_id = ANY(:remote_ids)
