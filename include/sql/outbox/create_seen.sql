-- Where the present values of records arrive that a late request may still overwrite
CREATE TEMPORARY TABLE IF NOT EXISTS incoming_seen (
    action_id text, title text, status text, priority text, due_date date, details text, owner text
) ON COMMIT DELETE ROWS
