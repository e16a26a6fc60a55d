-- Every table, view and column of ours with its comment, for the data dictionary
SELECT
    n.nspname AS schema,
    c.relname AS relation,
    obj_description(c.oid) AS relation_comment,
    a.attname AS column,
    format_type(a.atttypid, a.atttypmod) AS type,
    col_description(c.oid, a.attnum) AS comment
FROM pg_namespace n
JOIN pg_class c ON c.relnamespace = n.oid AND c.relkind IN ('r', 'v')
JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
WHERE n.nspname IN ('mart', 'staging', 'bridge')
ORDER BY array_position(CAST(ARRAY['mart', 'staging', 'bridge'] AS name[]), n.nspname), c.relname, a.attnum
