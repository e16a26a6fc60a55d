-- Purpose: which of these records are in a pair
-- Parameters: side, remote_ids
-- Caller: store/outbox.py
SELECT sc_id FROM bridge.link WHERE CAST(:side AS text) = 'sales_connect' AND sc_id = ANY(:remote_ids)
UNION ALL
SELECT sf_id FROM bridge.link WHERE CAST(:side AS text) = 'salesforce' AND sf_id = ANY(:remote_ids)
