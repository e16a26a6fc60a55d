-- Whether the database has been migrated at all
SELECT to_regclass('bridge.schema_version') IS NOT NULL
