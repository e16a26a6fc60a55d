-- Keep up to which run it was looked what is older than it is kept; 0 begins anew. Parameters: up_to (a run)
UPDATE bridge.housekeeping SET up_to = :up_to
