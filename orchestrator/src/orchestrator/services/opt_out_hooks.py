"""Unisender's webhook of a connection: opt-outs arrive by it at once, instead of with the next refresh."""

import logging

from orchestrator.domain.connection import Connection
from orchestrator.domain.errors import OrchestratorError
from orchestrator.domain.hook_addresses import unisender_hook
from orchestrator.ports.vendors import Unisender

logger = logging.getLogger(__name__)


class OptOutHooks:
    """Sets and removes it. RefreshSuppressions sees to it too, so a failure here only puts it off."""

    def __init__(self, *, unisender: Unisender, public_url: str) -> None:
        self._unisender = unisender
        self._public_url = public_url

    def set(self, connection: Connection) -> None:
        try:
            self._unisender.set_hook(connection.api_key, unisender_hook(self._public_url, connection))
        except OrchestratorError as error:
            logger.warning("unisender_hook_not_set", extra={"connection_id": connection.id, "code": error.code})

    def remove(self, connection: Connection) -> None:
        try:
            self._unisender.remove_hook(connection.api_key, unisender_hook(self._public_url, connection))
        except OrchestratorError as error:
            logger.warning("unisender_hook_not_removed", extra={"connection_id": connection.id, "code": error.code})
