"""A pretended amoCRM for the scans: one list that changes between requests, with the doubtful behaviours as switches."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

with warnings.catch_warnings():
    # the CDK warns about its own classes while it is imported; elsewhere warnings are errors
    warnings.simplefilter("ignore")
    from source_amocrm.client import Answer

PATIENT = {"connect_timeout": 1, "read_timeout": 1, "max_retries": 2, "backoff_seconds": 0}


class PretendedList:
    """Stands in for `ApiClient`: answers page requests from `rows`, calling `between` before each."""

    def __init__(
        self,
        rows: list[dict[str, Any]],
        *,
        cursor: str = "updated_at",
        filters_work: bool = True,
        inclusive: bool = True,
        largest_page: int = 250,
        default_order: str = "id",
    ) -> None:
        self.rows = {row["id"]: dict(row) for row in rows}
        self.cursor = cursor
        self.filters_work = filters_work
        self.inclusive = inclusive
        self.largest_page = largest_page
        self.default_order = default_order
        self.requests: list[dict[str, str]] = []
        self.premature_ends: set[int] = set()
        self.between: Callable[[PretendedList], None] = lambda _: None
        self.now = max([1_000_000, *(row[cursor] for row in rows)]) + 1

    # what a user does
    def touch(self, record_id: int) -> None:
        if record_id in self.rows:
            self.now += 1
            self.rows[record_id][self.cursor] = self.now

    def remove(self, record_id: int) -> None:
        self.rows.pop(record_id, None)

    def add(self) -> None:
        self.now += 1
        new = max([0, *self.rows]) + 1
        self.rows[new] = {"id": new, self.cursor: self.now}

    # what the connector asks
    def get(self, path: str, params: Any = ()) -> dict[str, Any] | None:
        return self.rows.get(int(path.rsplit("/", 1)[1]))

    def get_page(self, path: str, params: Any, *, limit: int, accept: Any) -> Answer:
        self.between(self)
        asked = dict(params(limit))
        self.requests.append(asked)
        if len(self.requests) in self.premature_ends:
            return Answer(document=None, limit=limit)
        size = min(int(asked["limit"]), self.largest_page)
        first = (int(asked["page"]) - 1) * size
        chosen = self._chosen(asked)
        page = chosen[first : first + size]
        if not page:
            return Answer(document=None, limit=limit, server_time=self.now)
        links = {}
        if first + size < len(chosen):
            links = {"next": {"href": f"https://acme.amocrm.ru/x?page={int(asked['page']) + 1}&limit={size}"}}
        document = {"_links": links, "_embedded": {path.strip("/"): [dict(row) for row in page]}}
        assert accept(document)
        return Answer(document=document, limit=limit, server_time=self.now)

    def _chosen(self, asked: dict[str, str]) -> list[dict[str, Any]]:
        rows = list(self.rows.values())
        if self.filters_work:
            low = int(asked.get(f"filter[{self.cursor}][from]", 0))
            high = int(asked.get(f"filter[{self.cursor}][to]", 10**12))
            within = (lambda v: low <= v <= high) if self.inclusive else (lambda v: low < v < high)
            rows = [row for row in rows if within(row[self.cursor])]
        order = next((key for key in asked if key.startswith("order[")), None)
        field = order[6:-1] if order else self.default_order
        direction = -1 if order and asked[order] == "desc" else 1
        return sorted(rows, key=lambda row: (direction * row[field], row["id"]))


@pytest.fixture
def pretended_list() -> type[PretendedList]:
    return PretendedList


@pytest.fixture
def config() -> dict[str, Any]:
    return {
        "host": "acme.amocrm.ru",
        "start_date": "2015-01-01T00:00:00Z",
        "credentials": {"auth_type": "long_lived_token", "access_token": "long-lived"},
        **PATIENT,
    }


@pytest.fixture
def oauth_config(config: dict[str, Any]) -> dict[str, Any]:
    return {
        **config,
        "credentials": {
            "auth_type": "oauth2.0",
            "client_id": "client",
            "client_secret": "client-secret",
            "redirect_uri": "https://app.example.com/callback",
            "access_token": "old-access",
            "refresh_token": "old-refresh",
            "token_expiry_date": "2099-01-01T00:00:00Z",
        },
    }
