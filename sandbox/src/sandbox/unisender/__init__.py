"""An emulator of Unisender's classic API: contacts, lists, fields, tags, exports, webhooks."""

from sandbox.unisender.models import Unisender
from sandbox.unisender.switches import SWITCHES

__all__ = ["SWITCHES", "Unisender"]
