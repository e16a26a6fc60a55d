-- What the database knows of the sizes of a large plan, before it is joined with anything
ANALYZE bridge.action (run_id, link_id), bridge.ledger_change (run_id)
