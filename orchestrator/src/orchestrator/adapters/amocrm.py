"""amoCRM's API over HTTP: one method per call the service makes itself. The connector has a client of its own.

Calls are not repeated here: whoever asks decides what a RetryableError is worth. A redirect is never followed, so that
no secret goes anywhere but to the host it was meant for.
"""

import time
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import requests

from orchestrator.adapters.amocrm_answers import (
    Answer,
    api_object,
    garbled,
    token_object,
    unreachable,
)
from orchestrator.adapters.whole_answer import whole_body
from orchestrator.domain.account import Integration
from orchestrator.domain.amocrm_host import account_host, api_host
from orchestrator.domain.errors import ForbiddenError, NeedsConsentError, RejectedError
from orchestrator.domain.page_count import counted
from orchestrator.domain.secret import Secret
from orchestrator.domain.token_claims import token_claims
from orchestrator.ports.meter import Meter
from orchestrator.ports.vendors import AmocrmAccount, TokenPair, WebhookSubscription

API = "/api/v4"
LARGEST_PAGE = 250
MOST_PAGES = 100
BETWEEN_COUNTS = 0.2
"""Seconds. Counting is nothing to spend an account's seven requests a second on."""
MOST_TAG_PAGES = 4
"""Tags are suggested, not checked: the first thousand will do."""
DAY = 86_400
LONGEST_LIFE = 10 * 365 * DAY
LARGEST_ID = 2**63 - 1
SHARED_HOST = "www.amocrm.ru"
"""Asked for an account's present host when its token does not name a better place; serves every zone's tokens."""


class HttpAmocrm:
    """Implements ports.vendors.Amocrm. Safe to use from several threads.

    `base_url` (the sandbox's) gets the requests instead of the accounts' hosts, which are then told in `Host`.
    Timeouts are in seconds; an answer that drips for longer than both together counts as none.
    """

    def __init__(
        self,
        *,
        base_url: str | None = None,
        connect_timeout: float = 5.0,
        read_timeout: float = 20.0,
        meter: Meter | None = None,
    ) -> None:
        self._meter = meter
        self._base_url = base_url.rstrip("/") if base_url else None
        self._timeout = (connect_timeout, read_timeout)

    def exchange_code(self, integration: Integration, *, host: str, code: str) -> TokenPair:
        """Raises RejectedError(code="code_refused") when amoCRM does not accept the code."""
        try:
            # Counted under no host: anybody may name one here, and each would be a figure of its own.
            return self._token(integration, host, {"grant_type": "authorization_code", "code": code}, counted_as="")
        except NeedsConsentError as refused:  # a code that was granted for another account than `host`, or withdrawn
            raise RejectedError(
                "amoCRM does not accept the authorization code for this account: start linking again.",
                code="code_refused",
            ) from refused

    def refresh(self, integration: Integration, *, host: str, refresh_token: Secret) -> TokenPair:
        return self._token(integration, host, {"grant_type": "refresh_token", "refresh_token": refresh_token.reveal()})

    def find_host(self, *, access_token: Secret, refresh_token: Secret) -> str | None:
        """Asked as amoCRM docs oauth/account-subdomain-info say."""
        named = api_host(token_claims(access_token).api_domain)
        if named is not None:
            answer = self._ask(
                "GET", named, "/oauth2/account/current/subdomain", {"X-Refresh-Token": refresh_token.reveal()}
            )
        else:
            answer = self._ask("GET", SHARED_HOST, "/oauth2/account/subdomain", _bearer(access_token))
        if answer.status in (400, 401, 404):
            return None
        found = api_object(answer, host=named or SHARED_HOST, path="/oauth2/account")
        return account_host(str(found.get("domain") or ""))

    def account(self, *, host: str, access_token: Secret) -> AmocrmAccount:
        found = self._get(host, access_token, "/account", {"with": "is_api_filter_enabled"})
        if type(found.get("id")) is not int or not 0 < found["id"] <= LARGEST_ID:
            raise garbled(host, "/account")
        return AmocrmAccount(
            id=found["id"],
            name=str(found.get("name") or ""),
            subdomain=str(found.get("subdomain") or ""),
            is_api_filter_enabled=found.get("is_api_filter_enabled") is True,
        )

    def webhooks(self, *, host: str, access_token: Secret) -> Sequence[WebhookSubscription]:
        found = self._get(host, access_token, "/webhooks", {})
        return [
            WebhookSubscription(
                destination=str(one.get("destination") or ""),
                settings=_texts(one.get("settings")),
                disabled=one.get("disabled") is True,
            )
            for one in _embedded(found, "webhooks", host=host)
        ]

    def subscribe(self, *, host: str, access_token: Secret, destination: str, settings: Sequence[str]) -> None:
        body = {"destination": destination, "settings": list(settings)}
        answer = self._ask("POST", host, f"{API}/webhooks", _bearer(access_token), json=body)
        api_object(answer, host=host, path="/webhooks")

    def unsubscribe(self, *, host: str, access_token: Secret, destination: str) -> None:
        answer = self._ask("DELETE", host, f"{API}/webhooks", _bearer(access_token), json={"destination": destination})
        if answer.status == 404 and isinstance(answer.document, dict):  # amoCRM's own 404: there is no such hook
            return
        api_object(answer, host=host, path="/webhooks")

    def custom_fields(self, *, host: str, access_token: Secret, entity: str) -> Sequence[Mapping[str, Any]]:
        return self._pages(host, access_token, f"/{entity}/custom_fields", "custom_fields")

    def users(self, *, host: str, access_token: Secret) -> Sequence[Mapping[str, Any]]:
        return self._pages(host, access_token, "/users", "users")

    def tags(self, *, host: str, access_token: Secret, entity: str) -> Sequence[Mapping[str, Any]]:
        return self._pages(host, access_token, f"/{entity}/tags", "tags", most=MOST_TAG_PAGES)

    def count(self, *, host: str, access_token: Secret, entity: str) -> int:
        def on_page(number: int) -> int:
            time.sleep(BETWEEN_COUNTS if number > 1 else 0)
            query = {"limit": str(LARGEST_PAGE), "page": str(number)}
            return len(_embedded(self._get(host, access_token, f"/{entity}", query), entity, host=host))

        return counted(on_page, size=LARGEST_PAGE)

    def sample(self, *, host: str, access_token: Secret, entity: str, limit: int) -> Sequence[Mapping[str, Any]]:
        query = {"limit": str(min(limit, LARGEST_PAGE)), "order[updated_at]": "desc"}
        return _embedded(self._get(host, access_token, f"/{entity}", query), entity, host=host)

    def _pages(
        self, host: str, access_token: Secret, path: str, key: str, *, most: int = MOST_PAGES
    ) -> Sequence[Mapping[str, Any]]:
        items: list[Mapping[str, Any]] = []
        for page in range(1, most + 1):
            found = self._get(host, access_token, path, {"limit": str(LARGEST_PAGE), "page": str(page)})
            items += _embedded(found, key, host=host)
            if not isinstance(found.get("_links"), dict) or "next" not in found["_links"]:
                break
        return items

    def _token(
        self, integration: Integration, host: str, grant: Mapping[str, str], *, counted_as: str | None = None
    ) -> TokenPair:
        keys = {
            "client_id": integration.client_id,
            "client_secret": integration.client_secret.reveal(),
            "redirect_uri": integration.redirect_uri,
        }
        answer = self._ask("POST", host, "/oauth2/access_token", {}, json={**keys, **grant}, counted_as=counted_as)
        found = token_object(answer, host=host)
        expires_in = found.get("expires_in")
        return TokenPair(
            access_token=Secret(found["access_token"]),
            refresh_token=Secret(found["refresh_token"]),
            expires_in=expires_in if type(expires_in) is int and 0 < expires_in <= LONGEST_LIFE else DAY,
            clock_skew=_skew(answer.date),
        )

    def _get(self, host: str, access_token: Secret, path: str, query: Mapping[str, str]) -> dict[str, Any]:
        answer = self._ask("GET", host, f"{API}{path}", _bearer(access_token), params=query)
        found = api_object(answer, host=host, path=path)
        if not found and answer.status != 204:
            raise garbled(host, path)  # amoCRM says "nothing" by 204
        return found

    def _ask(
        self,
        method: str,
        host: str,
        path: str,
        headers: Mapping[str, str],
        *,
        params: Mapping[str, str] | None = None,
        json: Mapping[str, Any] | None = None,
        counted_as: str | None = None,
    ) -> Answer:
        """One exchange on the wire. Raises RetryableError(code="unreachable") when no whole answer came."""
        if account_host(host) != host and api_host(host) != host and host != SHARED_HOST:
            raise ForbiddenError("Nothing is ever sent to a host that is not amoCRM's.", code="host_refused")
        account = host if counted_as is None else counted_as
        deadline = time.monotonic() + sum(self._timeout)
        try:
            with requests.request(
                method,
                f"{self._base_url or f'https://{host}'}{path}",
                headers={"Host": host, "Accept": "application/hal+json, application/json", **headers},
                params=params,
                json=json,
                auth=_no_netrc,
                timeout=self._timeout,
                allow_redirects=False,
                stream=True,
            ) as response:
                body = whole_body(response, deadline=deadline)
        except requests.Timeout:
            self._count(account, "unreachable")
            raise unreachable(host, reason="no answer in time") from None
        except requests.RequestException as broken:  # its text may hold more of the request than a log should
            self._count(account, "unreachable")
            raise unreachable(host, reason=type(broken).__name__) from None
        self._count(account, str(response.status_code))
        return Answer(status=response.status_code, headers=response.headers, body=body)

    def _count(self, account: str, status: str) -> None:
        if self._meter is None:
            return
        self._meter.count("api_calls_total", vendor="amocrm", account=account, status=status)
        if status == "429":
            self._meter.count("api_throttled_total", vendor="amocrm", account=account)


def _no_netrc(request: requests.PreparedRequest) -> requests.PreparedRequest:
    """Given as `auth`, so that an entry of the user's netrc file does not replace the token."""
    return request


def _texts(given: object) -> tuple[str, ...]:
    return tuple(map(str, given)) if isinstance(given, list) else ()


def _skew(server_time: datetime | None) -> timedelta | None:
    return None if server_time is None else datetime.now(UTC) - server_time


def _bearer(access_token: Secret) -> dict[str, str]:
    return {"Authorization": f"Bearer {access_token.reveal()}"}


def _embedded(document: Mapping[str, Any], key: str, *, host: str) -> Sequence[Mapping[str, Any]]:
    """The items of a list; an empty document is an empty list (204)."""
    if not document:
        return []
    embedded = document.get("_embedded")
    items = embedded.get(key) if isinstance(embedded, dict) else None
    if not isinstance(items, list) or not all(isinstance(item, dict) for item in items):
        raise garbled(host, f"/{key}")
    return items
