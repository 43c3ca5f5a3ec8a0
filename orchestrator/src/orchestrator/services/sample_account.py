"""What there is to map: an account's custom fields, and a few of its records."""

from collections.abc import Mapping, Sequence
from typing import Any

from orchestrator.domain.connection import STREAMS
from orchestrator.domain.errors import RejectedError
from orchestrator.ports.vendors import Amocrm
from orchestrator.services.refresh_token import RefreshToken

MOST_SAMPLES = 50


class SampleAccount:
    """Looks into linked accounts."""

    def __init__(self, *, amocrm: Amocrm, refresh_token: RefreshToken) -> None:
        self._amocrm, self._refresh_token = amocrm, refresh_token

    def fields(self, account_id: int, stream: str) -> Sequence[Mapping[str, Any]]:
        """The stream's custom fields, in the API's own shape.

        Raises NotFoundError, NeedsConsentError, MisconfiguredError, RetryableError, RejectedError.
        """
        _check(stream)
        return self._refresh_token.use(
            account_id,
            lambda host, token: self._amocrm.custom_fields(host=host, access_token=token, entity=stream),
        )

    def samples(self, account_id: int, stream: str, *, limit: int) -> Sequence[Mapping[str, Any]]:
        """A few records, newest first. Raises as `fields` does."""
        _check(stream)
        most = min(limit, MOST_SAMPLES)
        return self._refresh_token.use(
            account_id,
            lambda host, token: self._amocrm.sample(host=host, access_token=token, entity=stream, limit=most),
        )

    def users(self, account_id: int) -> Mapping[int, str]:
        """Names of the account's users by id. Raises as `fields` does."""
        found = self._refresh_token.use(
            account_id, lambda host, token: self._amocrm.users(host=host, access_token=token)
        )
        return {int(one["id"]): str(one.get("name") or one["id"]) for one in found}

    def count(self, account_id: int, stream: str) -> int:
        """How many records the stream has. Raises as `fields` does."""
        _check(stream)
        return self._refresh_token.use(
            account_id, lambda host, token: self._amocrm.count(host=host, access_token=token, entity=stream)
        )

    def tags(self, account_id: int, stream: str) -> Sequence[str]:
        """Names of the stream's tags, in alphabetical order. Raises as `fields` does."""
        _check(stream)
        found = self._refresh_token.use(
            account_id, lambda host, token: self._amocrm.tags(host=host, access_token=token, entity=stream)
        )
        return sorted({str(one["name"]) for one in found if one.get("name")}, key=str.casefold)


def _check(stream: str) -> None:
    if stream not in STREAMS:
        raise RejectedError(f"stream must be one of {', '.join(STREAMS)}.")
