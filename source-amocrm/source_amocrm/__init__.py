"""Airbyte source for amoCRM / Kommo."""

from source_amocrm.source import SourceAmocrm

__all__ = ["SourceAmocrm"]
