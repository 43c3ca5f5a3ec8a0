"""The truth, in MySQL, MariaDB or SQLite: SQLAlchemy Core over tables.py, migrated by Alembic."""

from orchestrator.adapters.database.database import open_database

__all__ = ["open_database"]
