"""Airbyte source for amoCRM / Kommo."""

from source_amocrm import cdk_import  # noqa: F401  before anything else imports the CDK
from source_amocrm.source import SourceAmocrm

__all__ = ["SourceAmocrm"]
