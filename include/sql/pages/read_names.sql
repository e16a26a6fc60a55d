-- People by the ids of either system
-- Parameters: ids (array)
SELECT user_id, name FROM mart.names WHERE user_id = ANY (CAST(:ids AS text[]))
