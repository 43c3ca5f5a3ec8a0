"""Access tokens: a fixed one, or one that is renewed with a refresh token that amoCRM lets be used only once.

Whoever renews must have told the world the new pair before using it: a lost pair means asking the user for consent
again. Source: amoCRM docs, oauth/step-by-step ("refresh token is single use, valid for three months").
"""

from __future__ import annotations

import base64
import binascii
import logging
import threading
import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Protocol

import orjson
import requests
from airbyte_cdk.config_observation import emit_configuration_as_airbyte_control_message
from airbyte_cdk.utils.airbyte_secrets_utils import add_to_secrets

from source_amocrm.config import OAUTH, Patience, parse_time
from source_amocrm.errors import (
    AmocrmError,
    ConfigError,
    StopReadingError,
    TransientError,
    consent_error,
    looks_like_html,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, MutableMapping

LOGGER = logging.getLogger("airbyte")
RENEW_BEFORE = 120
"""Renew this many seconds before the token ends, so that a request under way does not meet its end."""

CONSENT_AGAIN = (
    "amoCRM says that the refresh token of {host} was used or revoked: consent is needed again; "
    "authorise the integration once more and paste the new tokens. "
    "(A refresh token works once: never share one configuration between two running connectors.)"
)
# Hints of amoCRM's token endpoint and what to tell the user (observed in public issues of the official PHP client)
HINTS = {
    "client_id": "`credentials.client_id` is not known to amoCRM: copy the ID from the Keys tab of the integration.",
    "client_secret": "`credentials.client_secret` is wrong: copy the secret key from the Keys tab of the integration.",
    "redirect": "`credentials.redirect_uri` differs from the one on the integration's card: copy it byte for byte.",
    "invalid account": "The refresh token belongs to another amoCRM account than `host` {host}: correct `host`.",
}


class Tokens(Protocol):
    """Where the client gets its access token from."""

    def current(self) -> str:
        """A token to send; renewed first when it is known to end soon."""

    def renew(self, refused: str) -> bool:
        """A call with this token got 401. True when there is another one to try."""


class FixedToken:
    """A long-lived token, or a bare access token handed in by an orchestrator that renews it itself."""

    def __init__(self, token: str) -> None:
        self._token = token

    def current(self) -> str:
        return self._token

    def renew(self, refused: str) -> bool:  # noqa: ARG002  a fixed token has no successor
        return False


class RotatingTokens:
    """An OAuth pair in the connector's configuration, renewed by one thread at a time.

    The new pair is written into the configuration, which is emitted as a CONTROL message and flushed before the new
    access token is used.
    """

    def __init__(
        self,
        config: MutableMapping[str, Any],
        *,
        base_url: str,
        patience: Patience,
        announce: Callable[[MutableMapping[str, Any]], None] = emit_configuration_as_airbyte_control_message,
        clock: Callable[[], float] = time.time,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._config = config
        self._credentials: MutableMapping[str, Any] = config["credentials"]
        self._host: str = config["host"]
        self._url = f"{base_url}/oauth2/access_token"
        self._patience = patience
        self._announce = announce
        self._clock = clock
        self._sleep = sleep
        self._lock = threading.Lock()
        self._dead: AmocrmError | None = None

    def current(self) -> str:
        with self._lock:
            token = str(self._credentials.get("access_token") or "")
            if not token or self._ends_soon(token):
                self._renew_locked()
            return str(self._credentials["access_token"])

    def renew(self, refused: str) -> bool:
        with self._lock:
            if self._credentials.get("access_token") == refused:
                self._renew_locked()
            return True

    def _ends_soon(self, token: str) -> bool:
        """By the configured expiry, else by the token itself. An unknown end counts as far: a 401 will tell."""
        end = parse_time(self._credentials.get("token_expiry_date") or None)
        if end is None:
            end = expiry_of(token)
        return end is not None and end - RENEW_BEFORE <= self._clock()

    def _renew_locked(self) -> None:
        if self._dead:
            raise self._dead
        try:
            answer = self._ask()
        except ConfigError as error:
            self._dead = error
            raise
        expires_in = answer.get("expires_in")
        lifetime = expires_in if isinstance(expires_in, int) else 86_400
        for secret in (answer["access_token"], answer["refresh_token"]):
            add_to_secrets(secret)
        self._credentials["access_token"] = answer["access_token"]
        self._credentials["refresh_token"] = answer["refresh_token"]
        self._credentials["token_expiry_date"] = datetime.fromtimestamp(self._clock() + lifetime, tz=UTC).strftime(
            "%Y-%m-%dT%H:%M:%SZ"
        )
        self._announce(self._config)

    def _ask(self) -> dict[str, Any]:
        """One renewal, tried again while amoCRM cannot be reached or fails.

        After an answer got lost the old refresh token may be spent; asking again is the only way to find out.
        """
        patience = self._patience
        failure: AmocrmError | None = None
        for attempt in range(patience.max_retries + 1):
            if attempt:
                self._sleep(patience.backoff_seconds * 2 ** (attempt - 1))
            try:
                response = requests.post(
                    self._url,
                    json={
                        "client_id": self._credentials["client_id"],
                        "client_secret": self._credentials["client_secret"],
                        "grant_type": "refresh_token",
                        "refresh_token": self._credentials["refresh_token"],
                        "redirect_uri": self._credentials["redirect_uri"],
                    },
                    headers={"Host": self._host},
                    timeout=(patience.connect_timeout, patience.read_timeout),
                    allow_redirects=False,
                )
            except requests.RequestException as error:
                failure = TransientError(
                    f"The token server of {self._host} cannot be reached or does not answer: run the sync again later.",
                    internal=type(error).__name__,
                )
                continue
            pair, failure = read_token_answer(response.status_code, response.content, host=self._host)
            if pair:
                return pair
            if not isinstance(failure, TransientError):
                break
        assert failure is not None
        raise failure


def tokens_for(config: MutableMapping[str, Any], *, base_url: str, patience: Patience) -> Tokens:
    """The token source a (checked) configuration asks for."""
    credentials = config["credentials"]
    if credentials["auth_type"] == OAUTH and credentials.get("refresh_token"):
        return RotatingTokens(config, base_url=base_url, patience=patience)
    return FixedToken(str(credentials["access_token"]))


def read_token_answer(status: int, body: bytes, *, host: str) -> tuple[dict[str, Any] | None, AmocrmError | None]:
    """A new pair, or why there is none (a TransientError means: ask again). Pure."""
    try:
        answer = orjson.loads(body)
    except orjson.JSONDecodeError:
        answer = None
    if status == 200:
        if isinstance(answer, dict) and all(
            isinstance(answer.get(key), str) and answer[key] for key in ("access_token", "refresh_token")
        ):
            return answer, None
        return None, TransientError(f"The token server of {host} sent an unreadable answer: run the sync again later.")
    if status == 429 or status >= 500:
        return None, TransientError(
            f"The token server of {host} failed (status {status}): run the sync again later.",
            code="rate_limited" if status == 429 else "",
        )
    if status == 403 and looks_like_html(body):
        return None, StopReadingError(
            f"amoCRM has blocked access for {host} (403): ask amoCRM support to lift the block before the next sync.",
            code="api_blocked",
        )
    hint = str(answer.get("hint") or "") if isinstance(answer, dict) else ""
    return None, _refusal(status, hint, host)


def _refusal(status: int, hint: str, host: str) -> ConfigError:
    lowered = hint.lower()
    for fragment, sentence in HINTS.items():
        if fragment in lowered:
            return StopReadingError(sentence.format(host=host), internal=hint)
    if status == 401 or "revoked" in lowered or "expired" in lowered:
        return StopReadingError(CONSENT_AGAIN.format(host=host), internal=hint, code="consent_needed")
    if status == 404:
        return StopReadingError(f"{host} has no token server (404): check that `host` is the address of your account.")
    error = consent_error(host)
    internal = f"token server: status {status}, hint {hint!r}"
    return StopReadingError(str(error), internal=internal, code="consent_needed")


def expiry_of(token: str) -> int | None:
    """`exp` of a JWT in Unix seconds, read without verifying; None for anything else."""
    parts = token.split(".")
    if len(parts) != 3:
        return None
    try:
        claims: Mapping[str, Any] = orjson.loads(base64.urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4)))
    except (binascii.Error, orjson.JSONDecodeError):
        return None
    end = claims.get("exp") if isinstance(claims, dict) else None
    return int(end) if isinstance(end, int | float) else None
