-- The last migration
SELECT version_num FROM bridge.schema_version
