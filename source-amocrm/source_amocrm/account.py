"""What the connector needs to know about the account before it reads: does the paid filter option work?"""

from __future__ import annotations

import logging
import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from source_amocrm.client import ApiClient

LOGGER = logging.getLogger("airbyte")


class AccountFacts:
    """Asked once per run, when the first stream wants to know."""

    def __init__(self, client: ApiClient) -> None:
        self._client = client
        self._lock = threading.Lock()
        self._filters: bool | None = None

    def filters_work(self) -> bool:
        """Whether `filter[...]` on contacts, companies, leads and customers has any effect.

        Without the paid option amoCRM ignores it silently (amoCRM docs: account-info, `is_api_filter_enabled`).
        """
        with self._lock:
            if self._filters is None:
                account = self._client.get("/account", [("with", "is_api_filter_enabled")]) or {}
                self._filters = account.get("is_api_filter_enabled") is True
                if not self._filters:
                    LOGGER.info("This account has no API filtration: incremental streams are read newest first.")
            return self._filters
