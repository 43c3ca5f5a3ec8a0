"""Alembic's folder: forward only, one purpose a revision."""
