"""Alembic's environment: the caller brings the connection and commits."""

from alembic import context

connection = context.config.attributes["connection"]
connection.exec_driver_sql("CREATE SCHEMA IF NOT EXISTS bridge")
context.configure(
    connection=connection,
    version_table="schema_version",
    version_table_schema="bridge",
    transactional_ddl=True,
)
with context.begin_transaction():
    context.run_migrations()
