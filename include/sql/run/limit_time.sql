-- Let no statement take longer until the end of the transaction
-- Parameters: limit
SELECT set_config('statement_timeout', :limit, true)
