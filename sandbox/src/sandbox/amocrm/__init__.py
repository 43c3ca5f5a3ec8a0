"""An emulator of amoCRM / Kommo: REST API v4, OAuth 2.0, webhooks."""

from sandbox.amocrm.model import AmoCrm
from sandbox.amocrm.switches import SWITCHES

__all__ = ["SWITCHES", "AmoCrm"]
