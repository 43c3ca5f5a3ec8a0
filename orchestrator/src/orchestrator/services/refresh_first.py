"""Who left is known before anybody is sent: a connection's first sync reads on, but waits for Unisender's answer."""

import logging
import threading
from collections.abc import Callable
from typing import Protocol

from orchestrator.domain.errors import OrchestratorError

logger = logging.getLogger(__name__)

Wait = Callable[[float], bool]
"""Waits at most so many seconds; whether it is known by now."""


class Refreshing(Protocol):
    """What is needed of RefreshSuppressions."""

    def refresh_stale(self, connection_id: int) -> int:
        """Ask Unisender who may not be mailed, unless that was done lately. Raises OrchestratorError."""
        ...


class RefreshFirst:
    """Refreshes suppressions in a thread of its own, so that amoCRM's first pages are read meanwhile."""

    def __init__(self, *, refresh_suppressions: Refreshing) -> None:
        self._refresh_suppressions = refresh_suppressions

    def begin(self, connection_id: int) -> Wait:
        """Begin, unless they are fresh; nobody is to be sent before the answer is true.

        When it fails the sync goes on all the same: no import brings anybody back, it is only that the reason why
        somebody is not in the list is learnt later.
        """
        known = threading.Event()

        def refresh() -> None:
            try:
                self._refresh_suppressions.refresh_stale(connection_id)
            except OrchestratorError as error:
                details = {"connection_id": connection_id, "code": error.code}
                logger.warning("suppressions_not_refreshed", extra=details)
            except Exception as error:  # noqa: BLE001 - whatever it is, the sync must not wait for ever
                details = {"connection_id": connection_id, "error": type(error).__name__}
                logger.error("suppressions_fault", extra=details)  # noqa: TRY400 - its words may quote a person
            finally:
                known.set()

        threading.Thread(target=refresh, name=f"opt-outs of connection {connection_id}", daemon=True).start()
        return known.wait
