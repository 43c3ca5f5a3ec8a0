"""Alembic's entry: runs within the connection that migration.py holds. Autogeneration compares with tables.py."""

from alembic import context

from orchestrator.adapters.database.tables import metadata

connection = context.config.attributes["connection"]
context.configure(connection=connection, target_metadata=metadata, transactional_ddl=False)
context.run_migrations()
